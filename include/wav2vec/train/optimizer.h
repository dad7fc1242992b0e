#pragma once
// Adam over the flat parameter block.

#include <cstdint>
#include <span>

#include "wav2vec/config/train_config.h"
#include "wav2vec/nn/parameter.h"

namespace wav2vec {

struct AdamState {
  ParameterBlock first_moment;
  ParameterBlock second_moment;
  int64_t updates = 0;

  explicit AdamState(const ParameterLayout& layout) : first_moment(layout), second_moment(layout) {}
};

/// One update with gradients that are already divided and clipped. With b̂ the bias corrections of step t:
/// fairseq_adam: p −= lr·√(1−β₂ᵗ)/(1−β₁ᵗ) · m/(√v + eps);  adamw: p −= lr · (m/(1−β₁ᵗ)) / (√(v/(1−β₂ᵗ)) +
/// eps). Both first shrink p by lr·weight_decay·p.
void adam_update(const OptimConfig& config, double learning_rate, ParameterBlock& parameters,
                 const ParameterBlock& gradients, AdamState& state);

/// Global L2 norm, summed in double in a fixed order. Not finite if any gradient is not.
double gradient_norm(std::span<const float> gradients);

void scale_gradients(std::span<float> gradients, double factor);

/// Factor that clips a gradient of this norm to clip_norm: min(1, clip_norm / (norm + 1e-6)); 1 if clipping
/// is off.
double clip_factor(double norm, double clip_norm);

}  // namespace wav2vec
