#include "wav2vec/probe/probe_inputs.h"

#include <algorithm>

#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

struct StoredLayer {
  const FeatureTable* table = nullptr;
  Standardization standardization;
};

// Rows t·step … of one layer, each with its context, behind one another at `out`.
void copy_step(const StoredLayer& layer, const ProbeInput& input, int64_t u, int64_t step,
               int64_t frames_per_step, float* out) {
  const int64_t channels = layer.table->channels;
  const int64_t frames = layer.table->frames(u);
  const float* rows = layer.table->rows[static_cast<size_t>(u)].data();
  const float* mean = layer.standardization.mean.data();
  const float* scale = layer.standardization.scale.data();
  for (int64_t k = 0; k < frames_per_step; ++k) {
    const int64_t t = step * frames_per_step + k;
    for (int64_t s = t + input.first_frame; s <= t + input.last_frame; ++s) {
      const float* row = rows + std::clamp<int64_t>(s, 0, frames - 1) * channels;
      for (int64_t c = 0; c < channels; ++c) *out++ = (row[c] - mean[c]) * scale[c];
    }
  }
}

}  // namespace

int64_t input_frames(const ProbeFeatures& features, const ProbeInput& input, int64_t u,
                     int64_t frames_per_step) {
  int64_t frames = INT64_MAX;
  for (const FeatureTable* table : features.tables_of(input)) frames = std::min(frames, table->frames(u));
  return frames / frames_per_step;
}

ProbeInputs stored_inputs(const ProbeFeatures& features, const ProbeInput& input,
                          std::span<const int64_t> training_utterances, int64_t frames_per_step) {
  const auto layers = std::make_shared<std::vector<StoredLayer>>();
  for (const FeatureTable* table : features.tables_of(input))
    layers->push_back({table, standardization_of(*table, training_utterances)});
  ProbeInputs inputs;
  inputs.layers = std::ssize(*layers);
  inputs.channels = layers->front().table->channels * input.stacked_frames() * frames_per_step;
  const int64_t channels = inputs.channels;
  inputs.forward = [&features, layers, input, channels, frames_per_step](std::span<const int64_t> utterances,
                                                                         Workspace& workspace) {
    const auto batch = std::ssize(utterances);
    const std::span<int64_t> lengths = workspace.push_integers(batch);
    for (int64_t b = 0; b < batch; ++b)
      lengths[static_cast<size_t>(b)] =
          input_frames(features, input, utterances[static_cast<size_t>(b)], frames_per_step);
    const Activations x =
        workspace.push(batch, std::ranges::max(lengths), std::ssize(*layers) * channels, lengths);
#pragma omp parallel for schedule(dynamic)
    for (int64_t b = 0; b < batch; ++b) {
      for (int64_t t = 0; t < x.length(b); ++t) {
        for (size_t l = 0; l < layers->size(); ++l)
          copy_step((*layers)[l], input, utterances[static_cast<size_t>(b)], t, frames_per_step,
                    x.frame(b, t) + static_cast<int64_t>(l) * channels);
      }
    }
    return x;
  };
  return inputs;
}

}  // namespace wav2vec
