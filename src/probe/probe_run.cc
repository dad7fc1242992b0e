#include "wav2vec/probe/probe_run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>

#include "wav2vec/config/layer_id.h"
#include "wav2vec/core/duration.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/log.h"
#include "wav2vec/io/checkpoint.h"
#include "wav2vec/io/model_file.h"
#include "wav2vec/probe/head_trainer.h"
#include "wav2vec/probe/lag_detector.h"
#include "wav2vec/probe/probe_split.h"
#include "wav2vec/probe/tuned_inputs.h"
#include "wav2vec/train/progress.h"

namespace wav2vec {
namespace {

/// Of one training on test, [utterance][measure].
using TestCounts = std::vector<std::vector<ErrorCounts>>;

class ProbeRun {
 public:
  ProbeRun(ProbeRecipe& recipe, const ProbeOptions& options)
      : recipe_(recipe), options_(options), inputs_(recipe.probe.parsed_inputs()) {}

  ProbeResults run() {
    if (has_frame_labels(recipe_.probe.task)) alignment_ = probe_alignment(recipe_);
    if (recipe_.probe.task == ProbeTask::phone_ctc) lexicon_ = read_lexicon(recipe_.data.lexicon);
    if (!recipe_.decoding.language_model.empty())
      language_model_ = ArpaModel::read(recipe_.decoding.language_model);
    decoder_ = {recipe_.probe.task, recipe_.decoding, language_model_ ? &*language_model_ : nullptr};
    split_ = split_probe_data(recipe_);
    if (alignment_) alignment_ = labels_of(*alignment_, split_.utterances);
    check_before_work();
    read_features();
    prepare_results();
    if (!options_.stop_requested()) train_cells();
    results_.interrupted = options_.stop_requested();
    score_cells();
    return std::move(results_);
  }

 private:
  // What is wrong with budgets and layers must not wait for the features.
  void check_before_work() const {
    for (const double minutes : recipe_.probe.label_minutes)
      choose_minutes(split_, split_.train, minutes, static_cast<uint64_t>(recipe_.probe.seeds[0]));
    const bool has_model = std::ranges::any_of(inputs_, &ProbeInput::of_network);
    if (!has_model) return;
    const ModelFileInfo info = ModelFile::open(resolve_model_path(options_.model)).info();
    for (const ProbeInput& input : inputs_) {
      for (const std::string& layer : input.layers) parse_layers(info.model, layer);
    }
  }

  void read_features() {
    std::vector<ProbeInput> wanted = inputs_;
    // Labels are judged on features without a past, which would seem to come later than they do.
    if (has_frame_labels(recipe_.probe.task)) wanted.push_back(parse_probe_input("logmel"));
    features_ = compute_probe_features(
        split_.utterances, wanted,
        {.model = options_.model, .quiet = options_.quiet, .stop_requested = options_.stop_requested});
    if (options_.stop_requested()) return;
    if (lexicon_) warn_of_missing_words();
    if (!has_frame_labels(recipe_.probe.task))
      sequences_ = utterance_targets(recipe_, split_.utterances, lexicon_ ? &*lexicon_ : nullptr);
    if (has_frame_labels(recipe_.probe.task)) check_lag();
    leave_out_unusable();
  }

  void warn_of_missing_words() const {
    std::vector<std::string> texts;
    for (const Utterance& utterance : split_.utterances) texts.push_back(utterance.text);
    const std::map<std::string, int64_t> missing = missing_words(*lexicon_, texts);
    if (missing.empty()) return;
    log_warning(
        fmt::format("{}: {} words of the texts are missing, as \"{}\"; utterances with them are left out",
                    printable(recipe_.data.lexicon), missing.size(), printable(missing.begin()->first)));
  }

  void check_lag() {
    const FeatureTable& table = features_.table("logmel");
    const ProbeTargets targets = targets_for(parse_probe_input("logmel"));
    std::vector<LabelledFeatures> labelled;
    for (const int64_t u : split_.train) {
      const auto i = static_cast<size_t>(u);
      if (!targets.labels[i].empty())
        labelled.push_back(
            {rows_in_memory(table.rows[i].data(), table.frames(u), table.channels), targets.labels[i]});
    }
    const LagReport report = detect_lag(labelled);
    results_.facts.emplace_back("labels against audio", describe(report));
    if (report.verdict == LagVerdict::shifted && !options_.allow_shifted_labels)
      throw DataError(
          fmt::format("{}: the labels lie {} against the audio; expected aligned ones. Correct their times, "
                      "or see what they give with --allow-shifted-labels",
                      printable(recipe_.data.labels), describe(report)));
    if (report.verdict != LagVerdict::aligned)
      log_warning(
          fmt::format("{}: labels against audio: {}", printable(recipe_.data.labels), describe(report)));
  }

  ProbeTargets targets_for(const ProbeInput& input) const {
    if (!has_frame_labels(recipe_.probe.task)) return *sequences_;
    std::vector<int64_t> frames;
    for (int64_t u = 0; u < std::ssize(split_.utterances); ++u)
      frames.push_back(input_frames(features_, input, u, 1));
    return frame_targets(*alignment_, split_.utterances, features_.tables_of(input)[0]->times, frames);
  }

  // The same utterances for all inputs: those with features and labels for each of them.
  void leave_out_unusable() {
    std::vector<bool> usable(split_.utterances.size(), true);
    for (const ProbeInput& input : inputs_) {
      const ProbeTargets targets = targets_for(input);
      for (size_t u = 0; u < usable.size(); ++u) {
        usable[u] = usable[u] && !targets.labels[u].empty() &&
                    input_frames(features_, input, static_cast<int64_t>(u), frames_per_step()) > 0;
      }
    }
    for (const auto& [name, part] :
         {std::pair{"train", &split_.train}, {"dev", &split_.dev}, {"test", &split_.test}}) {
      const auto removed = std::erase_if(*part, [&](int64_t u) { return !usable[static_cast<size_t>(u)]; });
      if (removed > 0)
        log_info(fmt::format("{}: {} utterances without labels or audio left out", name, removed));
      if (part->empty())
        throw DataError(fmt::format(
            "{}: none of the utterances for {} has labels; expected labels or texts under the manifest's "
            "ids, as \"{}\"",
            printable(recipe_.data.labels.empty() ? recipe_.data.train[0] : recipe_.data.labels), name,
            printable(split_.utterances[0].id)));
    }
  }

  int64_t frames_per_step() const { return recipe_.head.frames_per_step; }

  void prepare_results() {
    results_.task = kProbeTaskNames[static_cast<size_t>(recipe_.probe.task)];
    results_.head = recipe_.head.kind == ProbeHeadKind::linear
                        ? "linear"
                        : fmt::format("bidirectional LSTM, 2 x {}", recipe_.head.hidden);
    results_.baseline = recipe_.probe.baseline;
    results_.measures = measure_names(recipe_);
    results_.recipe_text = format_recipe("", recipe_.sections());
    results_.command_line = options_.command_line;
    results_.failures = features_.failures();
    if (!split_.by_speaker)
      results_.facts.emplace_back("speakers",
                                  "not known: files are held out, and test may hold speakers of train");
    for (const auto& [name, part] :
         {std::pair{"train", &split_.train}, {"dev", &split_.dev}, {"test", &split_.test}}) {
      results_.facts.emplace_back(
          name, fmt::format("{} utterances, {}, {} speakers", part->size(),
                            format_audio_length(total_seconds(split_, *part)), speaker_count(*part)));
    }
  }

  size_t speaker_count(std::span<const int64_t> part) const {
    std::vector<std::string> speakers = groups_of(part);
    std::ranges::sort(speakers);
    return static_cast<size_t>(std::unique(speakers.begin(), speakers.end()) - speakers.begin());
  }

  std::vector<std::string> groups_of(std::span<const int64_t> part) const {
    std::vector<std::string> groups;
    for (const int64_t u : part) {
      const Utterance& utterance = split_.utterances[static_cast<size_t>(u)];
      groups.push_back(utterance.speaker.empty() ? utterance.id : utterance.speaker);
    }
    return groups;
  }

  void train_cells() {
    const auto seeds = std::ssize(recipe_.probe.seeds);
    const auto rates = std::ssize(recipe_.train.learning_rates);
    const int64_t trainings =
        std::ssize(inputs_) * std::ssize(recipe_.probe.label_minutes) * (rates + seeds - 1);
    if (!options_.quiet) progress_.emplace("probe", "trainings", trainings);
    check_classes(targets_for(inputs_[0]));
    for (const ProbeInput& input : inputs_) {
      const ProbeTargets targets = targets_for(input);
      for (const double minutes : recipe_.probe.label_minutes) {
        if (!train_cell(input, targets, minutes)) return;
      }
    }
  }

  // They are the same for all inputs.
  void check_classes(const ProbeTargets& targets) {
    if (targets.classes.size() < (is_ctc(recipe_.probe.task) ? 3 : 2))
      throw DataError(fmt::format("{}: {} class to tell apart; expected two at least",
                                  printable(recipe_.data.train[0]), targets.classes.size()));
    results_.facts.emplace_back("classes", fmt::format("{}", targets.classes.size()));
  }

  /// A trained head and what it reads, which it may have been tuned with.
  struct Training {
    std::unique_ptr<TunedNetwork> network;
    ProbeInputs inputs;
    std::unique_ptr<TrainedHead> trained;
    double seconds = 0.0;  ///< of speech
  };

  // Adds the cell when all of its seeds are there; false when that was stopped.
  bool train_cell(const ProbeInput& input, const ProbeTargets& targets, double minutes) {
    ProbeCell cell{.input = input.name, .label_minutes = minutes};
    const std::vector<int64_t>& seeds = recipe_.probe.seeds;
    std::optional<Training> best;
    for (const double rate : recipe_.train.learning_rates) {
      std::optional<Training> training = train_once(input, targets, minutes, rate, seeds[0]);
      if (!training) return false;
      if (best && training->trained->dev_error >= best->trained->dev_error) continue;
      best = std::move(training);
      cell.learning_rate = rate;
    }
    const auto [lowest, highest] = std::ranges::minmax(recipe_.train.learning_rates);
    cell.rate_at_edge = lowest < highest && (cell.learning_rate == lowest || cell.learning_rate == highest);
    cell.dimensions = best->inputs.layers * best->inputs.channels;
    cell.dev_error = best->trained->dev_error;
    cell.layer_weights = mix_weights(best->trained->head, *best->trained->parameters);
    std::vector<TestCounts> counts{test_counts(*best, targets)};
    double seconds = best->seconds;
    for (size_t s = 1; s < seeds.size(); ++s) {
      const std::optional<Training> training =
          train_once(input, targets, minutes, cell.learning_rate, seeds[s]);
      if (!training) return false;
      counts.push_back(test_counts(*training, targets));
      seconds += training->seconds;
    }
    cell.used_minutes = seconds / 60.0 / static_cast<double>(seeds.size());
    results_.cells.push_back(std::move(cell));
    counts_.push_back(std::move(counts));
    return true;
  }

  TestCounts test_counts(const Training& training, const ProbeTargets& targets) const {
    return judge_utterances(*training.trained, training.inputs, targets, decoder_, split_.test,
                            /*quick=*/false);
  }

  // Nothing when it was stopped.
  std::optional<Training> train_once(const ProbeInput& input, const ProbeTargets& targets, double minutes,
                                     double rate, int64_t seed) {
    const std::vector<int64_t> chosen =
        choose_minutes(split_, split_.train, minutes, static_cast<uint64_t>(seed));
    Training training;
    training.seconds = total_seconds(split_, chosen);
    if (input.tuned) {
      if (waveforms_.empty()) waveforms_ = decode_for_tuning(options_.model, split_.utterances);
      training.network = std::make_unique<TunedNetwork>(options_.model, input, waveforms_);
      training.inputs = training.network->inputs(features_, chosen);
    } else {
      training.inputs = stored_inputs(features_, input, chosen, frames_per_step());
    }
    training.trained = train_head(
        recipe_, training.inputs, targets, decoder_,
        {.learning_rate = rate, .seed = static_cast<uint64_t>(seed), .train = chosen, .dev = split_.dev},
        options_.stop_requested);
    if (options_.stop_requested()) return std::nullopt;
    log_debug(fmt::format("{}, {} min, learning rate {}, seed {}: dev {:.2f} % (update {})",
                          printable(input.name), minutes, rate, seed, 100.0 * training.trained->dev_error,
                          training.trained->kept_update));
    ++trainings_done_;
    if (progress_) {
      progress_->update(trainings_done_, fmt::format("{} {:.1f} % on dev", printable(input.name),
                                                     100.0 * training.trained->dev_error));
    }
    return training;
  }

  // Sums over seeds, by speaker.
  std::vector<GroupCounts> grouped(const std::vector<TestCounts>& seeds, size_t measure) const {
    std::vector<GroupCounts> sum;
    for (const auto& utterances : seeds) {
      std::vector<ErrorCounts> counts;
      for (const auto& measures : utterances) counts.push_back(measures[measure]);
      const std::vector<GroupCounts> groups = sum_by_group(groups_of(split_.test), counts);
      sum.resize(groups.size());
      for (size_t g = 0; g < groups.size(); ++g) {
        sum[g].errors += groups[g].errors;
        sum[g].total += groups[g].total;
      }
    }
    return sum;
  }

  static double rate_of(const TestCounts& utterances, size_t measure) {
    ErrorCounts sum;
    for (const auto& measures : utterances) sum += measures[measure];
    return sum.rate();
  }

  void score_cells() {
    std::map<double, size_t> baselines;
    for (size_t i = 0; i < results_.cells.size(); ++i) {
      if (results_.cells[i].input == results_.baseline) baselines[results_.cells[i].label_minutes] = i;
    }
    for (size_t i = 0; i < results_.cells.size(); ++i) {
      ProbeCell& cell = results_.cells[i];
      for (size_t m = 0; m < results_.measures.size(); ++m) {
        const std::vector<GroupCounts> groups = grouped(counts_[i], m);
        ProbeScore& score = cell.scores.emplace_back();
        score.rate = bootstrap_rate(groups);
        for (const auto& seed : counts_[i]) score.seeds.push_back(rate_of(seed, m));
        const auto baseline = baselines.find(cell.label_minutes);
        if (baseline != baselines.end())
          score.against_baseline = bootstrap_comparison(grouped(counts_[baseline->second], m), groups);
      }
    }
  }

  ProbeRecipe& recipe_;
  const ProbeOptions& options_;
  std::vector<ProbeInput> inputs_;
  std::optional<Alignment> alignment_;
  std::optional<Lexicon> lexicon_;
  std::optional<ArpaModel> language_model_;
  ProbeDecoder decoder_;
  ProbeSplit split_;
  ProbeFeatures features_;
  std::optional<ProbeTargets> sequences_;  // not on frames
  Waveforms waveforms_;                    // only where a network is tuned
  ProbeResults results_;
  std::vector<std::vector<TestCounts>> counts_;  // [cell][seed]
  std::optional<Progress> progress_;
  int64_t trainings_done_ = 0;
};

}  // namespace

ProbeResults run_probe(ProbeRecipe recipe, const ProbeOptions& options) {
  recipe.validate();
  return ProbeRun(recipe, options).run();
}

}  // namespace wav2vec
