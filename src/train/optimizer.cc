#include "wav2vec/train/optimizer.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "wav2vec/core/error.h"

namespace wav2vec {

void adam_update(const OptimConfig& config, double learning_rate, ParameterBlock& parameters,
                 const ParameterBlock& gradients, AdamState& state) {
  const OwnedRange all{0, static_cast<int64_t>(parameters.flat().size())};
  adam_update(config, learning_rate, {&all, 1}, parameters, gradients, state);
}

void adam_update(const OptimConfig& config, double learning_rate, std::span<const OwnedRange> owned,
                 ParameterBlock& parameters, const ParameterBlock& gradients, AdamState& state) {
  ++state.updates;
  const auto t = static_cast<double>(state.updates);
  const double correction1 = 1.0 - std::pow(config.beta1, t);
  const double root_correction2 = std::sqrt(1.0 - std::pow(config.beta2, t));
  const auto step = static_cast<float>(learning_rate * root_correction2 / correction1);
  // AdamW divides √v by root_correction2 before adding eps; multiplying through leaves eps·root_correction2.
  const auto eps = static_cast<float>(
      config.optimizer == OptimizerKind::fairseq_adam ? config.eps : config.eps * root_correction2);
  const auto beta1 = static_cast<float>(config.beta1);
  const auto beta2 = static_cast<float>(config.beta2);
  const auto new1 = static_cast<float>(1.0 - config.beta1);
  const auto new2 = static_cast<float>(1.0 - config.beta2);
  const auto keep = static_cast<float>(1.0 - learning_rate * config.weight_decay);

  W2V_CHECK(parameters.flat().size() == gradients.flat().size(), "gradients of another network");
  float* m = state.first_moment.data();
  float* v = state.second_moment.data();
  for (const OwnedRange& range : owned) {
    float* const p = parameters.flat().data() + range.first;
    const float* const g = gradients.flat().data() + range.first;
    const int64_t count = range.size();
#pragma omp parallel for simd schedule(static)
    for (int64_t i = 0; i < count; ++i) {
      m[i] = beta1 * m[i] + new1 * g[i];
      v[i] = beta2 * v[i] + new2 * g[i] * g[i];
      p[i] = p[i] * keep - step * m[i] / (std::sqrt(v[i]) + eps);
    }
    m += count;
    v += count;
  }
}

std::vector<double> block_squares(std::span<const float> gradients) {
  const auto count = static_cast<int64_t>(gradients.size());
  const int64_t blocks = (count + kNormBlock - 1) / kNormBlock;
  std::vector<double> squares(static_cast<size_t>(blocks), 0.0);
#pragma omp parallel for schedule(static)
  for (int64_t block = 0; block < blocks; ++block) {
    double sum = 0.0;
    for (int64_t i = block * kNormBlock; i < std::min(count, (block + 1) * kNormBlock); ++i) {
      const auto g = static_cast<double>(gradients[static_cast<size_t>(i)]);
      sum += g * g;
    }
    squares[static_cast<size_t>(block)] = sum;
  }
  return squares;
}

double norm_of_squares(std::span<const double> squares) {
  double total = 0.0;
  for (double sum : squares) total += sum;
  return std::sqrt(total);
}

double gradient_norm(std::span<const float> gradients) { return norm_of_squares(block_squares(gradients)); }

void scale_gradients(std::span<float> gradients, double factor) {
  const auto f = static_cast<float>(factor);
  const auto count = static_cast<int64_t>(gradients.size());
  float* const g = gradients.data();
#pragma omp parallel for simd schedule(static)
  for (int64_t i = 0; i < count; ++i) g[i] *= f;
}

double clip_factor(double norm, double clip_norm) {
  return clip_norm > 0.0 ? std::min(1.0, clip_norm / (norm + 1e-6)) : 1.0;
}

}  // namespace wav2vec
