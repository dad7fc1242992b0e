#pragma once

#include "wav2vec/core/workspace.h"
#include "wav2vec/nn/dropout.h"
#include "wav2vec/nn/packed_weights.h"
#include "wav2vec/nn/parameter.h"

namespace wav2vec {

/// What one forward/backward pass works with; the model itself is const.
struct Pass {
  const ParameterBlock& parameters;
  Workspace& workspace;
  const TrainingRandom* random = nullptr;  ///< null: evaluation, no dropout
  const PackedWeights* packed = nullptr;   ///< null: everything in f32; refreshed from `parameters`

  /// How the outputs of convolutions and their gradients are stored, and the operands of products rounded.
  DType dtype() const { return packed == nullptr ? DType::f32 : DType::bf16; }
};

}  // namespace wav2vec
