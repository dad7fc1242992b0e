#include "wav2vec/probe/probe_loss.h"

#include <algorithm>
#include <cmath>

#include "wav2vec/core/error.h"
#include "wav2vec/decode/ctc_decoder.h"
#include "wav2vec/nn/ctc_loss.h"
#include "wav2vec/nn/softmax.h"

namespace wav2vec {
namespace {

std::vector<float> mean_over_frames(const float* logits, int64_t frames, int64_t classes) {
  std::vector<double> sums(static_cast<size_t>(classes), 0.0);
  for (int64_t t = 0; t < frames; ++t) {
    for (int64_t k = 0; k < classes; ++k) sums[static_cast<size_t>(k)] += logits[t * classes + k];
  }
  std::vector<float> means;
  for (const double sum : sums) means.push_back(static_cast<float>(sum / static_cast<double>(frames)));
  return means;
}

double pooled_loss(const float* logits, int64_t frames, int64_t classes, int32_t label, float scale,
                   float* dlogits) {
  const std::vector<float> means = mean_over_frames(logits, frames, classes);
  std::vector<float> d(means.size());
  const double loss =
      cross_entropy(means.data(), classes, label, scale / static_cast<float>(frames), d.data());
  for (int64_t t = 0; t < frames; ++t) std::copy(d.begin(), d.end(), dlogits + t * classes);
  return loss;
}

double sequence_loss(const float* logits, int64_t frames, int64_t classes, std::span<const int32_t> labels,
                     float scale, float* dlogits) {
  const double loss = ctc_loss(logits, frames, classes, labels, dlogits);
  if (!std::isfinite(loss)) return 0.0;
  for (int64_t i = 0; i < frames * classes; ++i) dlogits[i] *= scale;
  return loss;
}

int64_t unit_count(ProbeTask task, BatchLabels labels) {
  int64_t count = 0;
  for (const std::vector<int32_t>* item : labels) {
    count += has_frame_labels(task) ? std::ranges::count_if(*item, [](int32_t label) { return label >= 0; })
                                    : std::ssize(*item);
  }
  return std::max<int64_t>(count, 1);
}

int32_t best_class(const float* row, int64_t classes) {
  return static_cast<int32_t>(std::max_element(row, row + classes) - row);
}

ErrorCounts count_frames(const float* logits, int64_t frames, int64_t classes,
                         std::span<const int32_t> labels) {
  ErrorCounts counts;
  for (int64_t t = 0; t < frames; ++t) {
    const int32_t label = labels[static_cast<size_t>(t)];
    if (label < 0) continue;
    ++counts.reference;
    counts.substitutions += best_class(logits + t * classes, classes) == label ? 0 : 1;
  }
  return counts;
}

void add_sequence_counts(ProbeTask task, const ProbeTargets& targets, std::span<const int32_t> labels,
                         std::span<const int32_t> hypothesis, const std::string& text, bool quick,
                         std::vector<ErrorCounts>& counts) {
  if (task == ProbeTask::phone_ctc || quick) {
    counts.push_back(count_errors(labels, hypothesis));
    return;
  }
  const std::string heard = text_of(task, targets, hypothesis);
  counts.push_back(count_character_errors(text, heard));
  counts.push_back(count_word_errors(text, heard));
}

std::vector<int32_t> beam_labels(const ProbeDecoder& decoder, const ProbeTargets& targets,
                                 const float* logits, int64_t frames, int64_t classes) {
  std::vector<float> rows(logits, logits + frames * classes);
  log_softmax_rows(rows.data(), frames, classes);
  CtcWordModel words{.model = decoder.language_model,
                     .class_names = targets.classes,
                     .separator = -1,
                     .weight = decoder.config.language_model_weight,
                     .word_bonus = decoder.config.word_bonus};
  const auto blank = std::ranges::find(targets.classes, " ");
  if (blank != targets.classes.end()) words.separator = static_cast<int32_t>(blank - targets.classes.begin());
  const std::vector<CtcHypothesis> best =
      ctc_beam_search(rows.data(), frames, classes, {.beam = decoder.config.beam},
                      decoder.language_model == nullptr ? nullptr : &words);
  return best.empty() ? std::vector<int32_t>{} : best.front().labels;
}

}  // namespace

double probe_loss(ProbeTask task, const Activations& logits, BatchLabels labels, const Activations& dlogits) {
  const auto units = static_cast<double>(unit_count(task, labels));
  const auto scale = static_cast<float>(1.0 / units);
  std::vector<double> losses(static_cast<size_t>(logits.batch), 0.0);
#pragma omp parallel for schedule(dynamic)
  for (int64_t b = 0; b < logits.batch; ++b) {
    const std::vector<int32_t>& item = *labels[static_cast<size_t>(b)];
    double& loss = losses[static_cast<size_t>(b)];
    const int64_t frames = logits.length(b);
    if (has_frame_labels(task)) {
      loss = frames_cross_entropy(logits.item(b), frames, logits.channels, item, scale, dlogits.item(b));
    } else if (is_ctc(task)) {
      loss = sequence_loss(logits.item(b), frames, logits.channels, item, scale, dlogits.item(b));
    } else {
      loss = pooled_loss(logits.item(b), frames, logits.channels, item[0], scale, dlogits.item(b));
    }
  }
  double sum = 0.0;
  for (const double loss : losses) sum += loss;
  return sum / units;
}

std::vector<std::string> measure_names(const ProbeRecipe& recipe) {
  const std::string beam = recipe.decoding.language_model.empty() ? ", beam" : ", beam with language model";
  const bool with_beam = recipe.decoding.beam > 0;
  switch (recipe.probe.task) {
    case ProbeTask::phone_ctc:
      return with_beam ? std::vector<std::string>{"PER", "PER" + beam} : std::vector<std::string>{"PER"};
    case ProbeTask::character_ctc:
      return with_beam ? std::vector<std::string>{"CER", "WER", "CER" + beam, "WER" + beam}
                       : std::vector<std::string>{"CER", "WER"};
    case ProbeTask::keyword:
    case ProbeTask::speaker:
      return {"wrong utterances"};
    default:
      return {"wrong frames"};
  }
}

std::vector<ErrorCounts> judge(const ProbeDecoder& decoder, const ProbeTargets& targets, const float* logits,
                               int64_t frames, std::span<const int32_t> labels, const std::string& text,
                               bool quick) {
  const auto classes = std::ssize(targets.classes);
  if (has_frame_labels(decoder.task)) return {count_frames(logits, frames, classes, labels)};
  if (!is_ctc(decoder.task)) {
    const int32_t heard = best_class(mean_over_frames(logits, frames, classes).data(), classes);
    return {{.substitutions = heard == labels[0] ? 0 : 1, .reference = 1}};
  }
  std::vector<ErrorCounts> counts;
  add_sequence_counts(decoder.task, targets, labels, ctc_best_path(logits, frames, classes), text, quick,
                      counts);
  if (decoder.config.beam > 0 && !quick) {
    add_sequence_counts(decoder.task, targets, labels, beam_labels(decoder, targets, logits, frames, classes),
                        text, quick, counts);
  }
  return counts;
}

}  // namespace wav2vec
