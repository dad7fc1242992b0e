#include "wav2vec/nn/softmax.h"

#include <algorithm>
#include <cmath>

namespace wav2vec {

std::vector<double> log_softmax(const float* logits, int64_t frames, int64_t classes) {
  std::vector<double> out(static_cast<size_t>(frames * classes));
  for (int64_t t = 0; t < frames; ++t) {
    const float* row = logits + t * classes;
    const double top = *std::max_element(row, row + classes);
    double sum = 0.0;
    for (int64_t k = 0; k < classes; ++k) sum += std::exp(row[k] - top);
    const double norm = top + std::log(sum);
    for (int64_t k = 0; k < classes; ++k) out[static_cast<size_t>(t * classes + k)] = row[k] - norm;
  }
  return out;
}

void log_softmax_rows(float* rows, int64_t frames, int64_t classes) {
  for (int64_t t = 0; t < frames; ++t) {
    float* row = rows + t * classes;
    const float top = *std::max_element(row, row + classes);
    double sum = 0.0;
    for (int64_t k = 0; k < classes; ++k) sum += std::exp(static_cast<double>(row[k] - top));
    const double norm = static_cast<double>(top) + std::log(sum);
    for (int64_t k = 0; k < classes; ++k) row[k] = static_cast<float>(static_cast<double>(row[k]) - norm);
  }
}

void log_softmax_backward(const float* logits, int64_t frames, int64_t classes, float* gradient) {
  const std::vector<double> log_p = log_softmax(logits, frames, classes);
  for (int64_t t = 0; t < frames; ++t) {
    float* row = gradient + t * classes;
    double sum = 0.0;
    for (int64_t k = 0; k < classes; ++k) sum += row[k];
    for (int64_t k = 0; k < classes; ++k)
      row[k] -= static_cast<float>(sum * std::exp(log_p[static_cast<size_t>(t * classes + k)]));
  }
}

double cross_entropy(const float* logits, int64_t classes, int32_t label, float scale, float* dlogits) {
  const float highest = *std::max_element(logits, logits + classes);
  double sum = 0.0;
  for (int64_t k = 0; k < classes; ++k) sum += std::exp(static_cast<double>(logits[k] - highest));
  const double log_sum = std::log(sum) + highest;
  for (int64_t k = 0; k < classes; ++k)
    dlogits[k] = scale * static_cast<float>(std::exp(static_cast<double>(logits[k]) - log_sum));
  dlogits[label] -= scale;
  return log_sum - static_cast<double>(logits[label]);
}

double soft_cross_entropy(const float* logits, int64_t frames, int64_t classes, std::span<const float> target,
                          float scale, float* dlogits) {
  const std::vector<double> log_p = log_softmax(logits, frames, classes);
  double loss = 0.0;
  for (size_t i = 0; i < log_p.size(); ++i) {
    loss -= static_cast<double>(target[i]) * log_p[i];
    dlogits[i] += scale * (static_cast<float>(std::exp(log_p[i])) - target[i]);
  }
  return loss;
}

double frames_cross_entropy(const float* logits, int64_t frames, int64_t classes,
                            std::span<const int32_t> labels, float scale, float* dlogits) {
  double loss = 0.0;
  for (int64_t t = 0; t < frames; ++t) {
    const int32_t label = labels[static_cast<size_t>(t)];
    float* const d = dlogits + t * classes;
    if (label < 0) {
      std::fill_n(d, classes, 0.0F);
    } else {
      loss += cross_entropy(logits + t * classes, classes, label, scale, d);
    }
  }
  return loss;
}

}  // namespace wav2vec
