#include "wav2vec/extract/deltas.h"

#include <span>
#include <vector>

#include "extract/repeated_edges.h"

namespace wav2vec {
namespace {

// Weights of order i over the frames t - i·window … t + i·window (Kaldi's DeltaFeatures).
std::vector<std::vector<double>> delta_weights(const DeltasConfig& config) {
  const int64_t window = config.delta_window;
  double norm = 0.0;
  for (int64_t j = -window; j <= window; ++j) norm += static_cast<double>(j * j);
  std::vector<std::vector<double>> weights = {{1.0}};
  for (int64_t order = 1; order <= config.delta_order; ++order) {
    const std::vector<double>& lower = weights.back();
    std::vector<double> next(lower.size() + 2 * static_cast<size_t>(window), 0.0);
    for (int64_t j = -window; j <= window; ++j) {
      for (size_t k = 0; k < lower.size(); ++k)
        next[static_cast<size_t>(j + window) + k] += static_cast<double>(j) / norm * lower[k];
    }
    weights.push_back(std::move(next));
  }
  return weights;
}

// `first` is the row that the first weight belongs to.
void weighted_sum(std::span<const double> weights, const float* first, int64_t channels, float* out) {
  for (int64_t c = 0; c < channels; ++c) {
    double sum = 0.0;
    for (size_t k = 0; k < weights.size(); ++k)
      sum += weights[k] * first[static_cast<int64_t>(k) * channels + c];
    out[c] = static_cast<float>(sum);
  }
}

}  // namespace

FeatureRows add_deltas(FeatureRows rows, const DeltasConfig& config) {
  config.validate();
  if (config.delta_order == 0) return rows;
  const int64_t reach = config.delta_order * config.delta_window;
  const auto read = [rows, reach, weights = delta_weights(config)](int64_t first, int64_t count, float* out) {
    if (count == 0) return;
    const std::vector<float> around = read_with_repeated_edges(rows, first - reach, count + 2 * reach);
    for (int64_t t = 0; t < count; ++t) {
      for (const std::vector<double>& order : weights) {
        const int64_t start = t + reach - (std::ssize(order) - 1) / 2;
        weighted_sum(order, around.data() + start * rows.channels, rows.channels, out);
        out += rows.channels;
      }
    }
  };
  return {rows.frames, rows.channels * (1 + config.delta_order), read};
}

FeatureContract add_deltas(FeatureContract contract, const DeltasConfig& config) {
  config.validate();
  contract.channels *= 1 + config.delta_order;
  const int64_t reach = config.delta_order * config.delta_window * contract.hop_samples;
  contract.receptive_field_samples += 2 * reach;
  contract.first_sample -= reach;
  return contract;
}

}  // namespace wav2vec
