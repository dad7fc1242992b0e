#pragma once
// What a probe's head is trained for and how it is judged, per task.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "wav2vec/config/probe_recipe.h"
#include "wav2vec/core/tensor.h"
#include "wav2vec/decode/arpa_lm.h"
#include "wav2vec/measure/error_rate.h"
#include "wav2vec/probe/probe_targets.h"

namespace wav2vec {

/// Labels of the items of a batch.
using BatchLabels = std::span<const std::vector<int32_t>* const>;

/// logits: [batch, frames, classes]; dlogits is overwritten with the gradient of what is returned, in nats:
///  - on frames the cross-entropy per labelled frame;
///  - CTC: the loss per label; an item whose labels do not fit into its frames counts nothing;
///  - keyword, speaker: the cross-entropy of the logits' mean over the frames, per utterance.
double probe_loss(ProbeTask task, const Activations& logits, BatchLabels labels, const Activations& dlogits);

/// The names of what judge() counts, the one that learning rates are chosen by first: "phone error rate" …
std::vector<std::string> measure_names(const ProbeRecipe& recipe);

/// How a recogniser is read.
struct ProbeDecoder {
  ProbeTask task = ProbeTask::phone_frames;
  ProbeDecodingConfig config;
  const ArpaModel* language_model = nullptr;
};

/// One utterance: logits [frames, classes] against its labels, one count for each measure; with `quick` the
/// first one only. `text` is that of the targets (CTC).
std::vector<ErrorCounts> judge(const ProbeDecoder& decoder, const ProbeTargets& targets, const float* logits,
                               int64_t frames, std::span<const int32_t> labels, const std::string& text,
                               bool quick);

}  // namespace wav2vec
