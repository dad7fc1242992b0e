#include "wav2vec/config/probe_recipe.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

void check_range(std::string_view section, std::string_view key, int64_t value, int64_t least, int64_t most) {
  if (value < least || value > most)
    fail_field(section, key, fmt::format("{} is not within {} to {}", value, least, most));
}

void check_fraction(std::string_view key, double value) {
  if (!(value > 0.0 && value < 1.0)) fail_field("data", key, fmt::format("{} is not within (0, 1)", value));
}

void check_finite(std::string_view section, std::string_view key, double value, double least, double most) {
  if (!(value >= least && value <= most))
    fail_field(section, key, fmt::format("{} is not within {} to {}", value, least, most));
}

template <class T>
void check_different(std::string_view section, std::string_view key, const std::vector<T>& values) {
  if (values.empty()) fail_field(section, key, "names nothing; give one value at least");
  if (std::set<T>(values.begin(), values.end()).size() != values.size())
    fail_field(section, key, "a value stands twice");
}

}  // namespace

void ProbeConfig::visit(FieldVisitor& v) {
  v.choice("task", task, kProbeTaskNames, "what is read from the features");
  v.field("inputs", inputs, "features to compare");
  v.field("baseline", baseline, "the input that the others are compared with; one of them");
  v.field("label_minutes", label_minutes, "minutes of labelled speech to train on; 0 = all");
  v.field("seeds", seeds, "of initial weights, order and chosen utterances; one training each");
}

void ProbeConfig::validate() const {
  check_different("probe", "inputs", inputs);
  check_different("probe", "label_minutes", label_minutes);
  check_different("probe", "seeds", seeds);
  if (std::ranges::find(inputs, baseline) == inputs.end())
    fail_field("probe", "baseline",
               fmt::format("\"{}\" is none of the inputs; set it to one of them", baseline));
  for (const double minutes : label_minutes) check_finite("probe", "label_minutes", minutes, 0.0, 1e6);
  for (const int64_t seed : seeds) check_range("probe", "seeds", seed, 0, INT64_MAX);
  parsed_inputs();
}

std::vector<ProbeInput> ProbeConfig::parsed_inputs() const {
  std::vector<ProbeInput> parsed;
  for (const std::string& input : inputs) parsed.push_back(parse_probe_input(input));
  return parsed;
}

void ProbeDataConfig::visit(FieldVisitor& v) {
  v.field("train", train, "manifests to learn from");
  v.field("test", test, "manifests to test on; empty = hold out test_fraction of train");
  v.field("minutes", minutes, "of the manifests' speech that are used at all, drawn at random; 0 = all");
  v.field("test_fraction", test_fraction, "share of train held out for the test, by speaker");
  v.field("dev_fraction", dev_fraction, "share of the rest on which learning rates are chosen, by speaker");
  v.field("split_seed", split_seed, "of both; wav2vec manifest --seed splits the same way");
  v.field("labels", labels, "CTM with the times of phones or words (tasks on frames)");
  v.field("ignored_labels", ignored_labels, "labels that are no class, as silence");
  v.field("longest_label_seconds", longest_label_seconds, "longer labels are left out; 0 = none");
  v.field("lexicon", lexicon, "Kaldi's lexicon.txt (phone_ctc)");
  v.field("lower_case", lower_case, "fold the case of ASCII letters (character tasks)");
}

void ProbeDataConfig::validate(ProbeTask task) const {
  check_fraction("test_fraction", test_fraction);
  check_fraction("dev_fraction", dev_fraction);
  check_finite("data", "minutes", minutes, 0.0, 1e6);
  check_range("data", "split_seed", split_seed, 0, INT64_MAX);
  check_finite("data", "longest_label_seconds", longest_label_seconds, 0.0, 1e6);
  if (has_frame_labels(task) && labels.empty())
    fail_field(
        "data", "labels",
        fmt::format("is missing; {} needs a CTM with times", kProbeTaskNames[static_cast<size_t>(task)]));
  if (task == ProbeTask::phone_ctc && lexicon.empty())
    fail_field("data", "lexicon", "is missing; phone_ctc makes phones of the text with it");
}

void ProbeHeadConfig::visit(FieldVisitor& v) {
  v.choice("kind", kind, kProbeHeadKindNames, "a linear layer, or a bidirectional LSTM before it");
  v.field("hidden", hidden, "units of each direction of the LSTM");
  v.field("frames_per_step", frames_per_step, "frames stacked into one step of the head (CTC)");
}

void ProbeHeadConfig::validate() const {
  check_range("head", "hidden", hidden, 1, 2048);
  check_range("head", "frames_per_step", frames_per_step, 1, 8);
}

void ProbeTrainConfig::visit(FieldVisitor& v) {
  v.field("learning_rates", learning_rates, "tried for every input and label budget, chosen on dev");
  v.field("updates", updates, "updates of Adam per training; the rate falls to 0 as a cosine");
  v.field("batch_utterances", batch_utterances, "utterances per update");
  v.field("evaluations", evaluations, "times that dev is measured; the best weights are kept");
  v.field("clip_norm", clip_norm, "global L2 norm that gradients are clipped to; 0 = off");
  v.field("tuned_rate_factor", tuned_rate_factor, "rate of a tuned model over that of the head");
}

void ProbeTrainConfig::validate() const {
  check_different("train", "learning_rates", learning_rates);
  for (const double rate : learning_rates) check_finite("train", "learning_rates", rate, 1e-9, 10.0);
  check_range("train", "updates", updates, 1, 100'000'000);
  check_range("train", "batch_utterances", batch_utterances, 1, 4096);
  check_range("train", "evaluations", evaluations, 1, 1000);
  check_finite("train", "clip_norm", clip_norm, 0.0, 1e9);
  check_finite("train", "tuned_rate_factor", tuned_rate_factor, 0.0, 100.0);
}

void ProbeDecodingConfig::visit(FieldVisitor& v) {
  v.field("beam", beam, "CTC: prefixes kept by a beam search beside the best path; 0 = best path only");
  v.field("language_model", language_model, "word n-grams in ARPA form for the beam search (character_ctc)");
  v.field("language_model_weight", language_model_weight, "of ln P of the model");
  v.field("word_bonus", word_bonus, "added for every word");
}

void ProbeDecodingConfig::validate() const {
  check_range("decoding", "beam", beam, 0, 10000);
  check_finite("decoding", "language_model_weight", language_model_weight, 0.0, 1e3);
  check_finite("decoding", "word_bonus", word_bonus, -1e3, 1e3);
  if (!language_model.empty() && beam == 0)
    fail_field("decoding", "beam", "is 0, but language_model needs a beam search; try beam = 32");
}

std::vector<RecipeSection> ProbeRecipe::sections() {
  return {{"probe", [this](FieldVisitor& v) { probe.visit(v); }},
          {"data", [this](FieldVisitor& v) { data.visit(v); }},
          {"head", [this](FieldVisitor& v) { head.visit(v); }},
          {"train", [this](FieldVisitor& v) { train.visit(v); }},
          {"decoding", [this](FieldVisitor& v) { decoding.visit(v); }}};
}

void ProbeRecipe::validate() const {
  probe.validate();
  data.validate(probe.task);
  head.validate();
  train.validate();
  decoding.validate();
  if (!decoding.language_model.empty() && probe.task != ProbeTask::character_ctc)
    fail_field("decoding", "language_model", "is for character_ctc only");
  if (head.frames_per_step > 1 && !is_ctc(probe.task))
    fail_field("head", "frames_per_step", "above 1 is for the CTC tasks only");
}

}  // namespace wav2vec
