#pragma once
// Connectionist temporal classification (Graves et al. 2006): the loss of a label sequence whose times are
// not known.

#include <cstdint>
#include <span>

namespace wav2vec {

/// Class 0 is the blank.
inline constexpr int32_t kCtcBlank = 0;

/// Frames that a label sequence takes at least: one each, and a blank between equal neighbours.
int64_t ctc_min_frames(std::span<const int32_t> labels);

/// −ln P(labels | logits) in nats, summed over all paths. logits: [frames, classes], not yet normalised;
/// labels: classes from 1. dlogits [frames, classes] is overwritten with the gradient unless it is null; it
/// may share memory with logits. When the labels do not fit into the frames the loss is infinite and the
/// gradient 0.
double ctc_loss(const float* logits, int64_t frames, int64_t classes, std::span<const int32_t> labels,
                float* dlogits);

}  // namespace wav2vec
