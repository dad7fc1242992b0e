#pragma once
// Logits to logarithms of probabilities, and the cross-entropy of labels.

#include <cstdint>
#include <span>
#include <vector>

namespace wav2vec {

/// ln of the softmax of every row, [frames, classes], in double.
std::vector<double> log_softmax(const float* logits, int64_t frames, int64_t classes);
/// The same in place, in float.
void log_softmax_rows(float* rows, int64_t frames, int64_t classes);

/// Turns the gradient with regard to ln softmax, [frames, classes], into that with regard to the logits.
void log_softmax_backward(const float* logits, int64_t frames, int64_t classes, float* gradient);

/// −ln softmax(logits)[label] of one row; dlogits is overwritten with scale · (softmax − one-hot).
double cross_entropy(const float* logits, int64_t classes, int32_t label, float scale, float* dlogits);

/// −Σ target · ln softmax(logits) over all rows; adds scale times its gradient to dlogits. target: a
/// distribution for each row, [frames, classes].
double soft_cross_entropy(const float* logits, int64_t frames, int64_t classes, std::span<const float> target,
                          float scale, float* dlogits);

/// The sum over the frames that have a label (≥ 0); the gradient of the others is 0. labels: [frames].
double frames_cross_entropy(const float* logits, int64_t frames, int64_t classes,
                            std::span<const int32_t> labels, float scale, float* dlogits);

}  // namespace wav2vec
