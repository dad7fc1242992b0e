#pragma once
// Adam over the flat parameter block, or over the ranges of it that a rank owns.

#include <cstdint>
#include <span>
#include <vector>

#include "wav2vec/config/train_config.h"
#include "wav2vec/core/large_memory.h"
#include "wav2vec/nn/parameter.h"

namespace wav2vec {

/// Values [first, end) of a flat block.
struct OwnedRange {
  int64_t first = 0;
  int64_t end = 0;

  int64_t size() const { return end - first; }
};

/// The moments of a block, or those of its owned ranges, one behind the other.
struct AdamState {
  LargeVector<float> first_moment;
  LargeVector<float> second_moment;
  int64_t updates = 0;

  AdamState() = default;
  explicit AdamState(const ParameterLayout& layout)
      : first_moment(static_cast<size_t>(layout.total_size()), 0.0F), second_moment(first_moment) {}
};

/// One update with gradients that are already divided and clipped. With b̂ the bias corrections of step t:
/// fairseq_adam: p −= lr·√(1−β₂ᵗ)/(1−β₁ᵗ) · m/(√v + eps);  adamw: p −= lr · (m/(1−β₁ᵗ)) / (√(v/(1−β₂ᵗ)) +
/// eps). Both first shrink p by lr·weight_decay·p.
void adam_update(const OptimConfig& config, double learning_rate, ParameterBlock& parameters,
                 const ParameterBlock& gradients, AdamState& state);

/// The same for these ranges alone, whose moments `state` holds.
void adam_update(const OptimConfig& config, double learning_rate, std::span<const OwnedRange> owned,
                 ParameterBlock& parameters, const ParameterBlock& gradients, AdamState& state);

/// Squares are summed up within blocks of this many values first.
inline constexpr int64_t kNormBlock = 4096;

/// Global L2 norm, summed in double in a fixed order. Not finite if any gradient is not.
double gradient_norm(std::span<const float> gradients);

/// Its parts, for who holds only some ranges: the sums of blocks, in order, and the norm of all of them.
std::vector<double> block_squares(std::span<const float> gradients);
double norm_of_squares(std::span<const double> squares);

void scale_gradients(std::span<float> gradients, double factor);

/// Factor that clips a gradient of this norm to clip_norm: min(1, clip_norm / (norm + 1e-6)); 1 if clipping
/// is off.
double clip_factor(double norm, double clip_norm);

}  // namespace wav2vec
