#pragma once

#include "wav2vec/core/workspace.h"
#include "wav2vec/nn/dropout.h"
#include "wav2vec/nn/parameter.h"

namespace wav2vec {

/// What one forward/backward pass works with; the model itself is const.
struct Pass {
  const ParameterBlock& parameters;
  Workspace& workspace;
  const TrainingRandom* random = nullptr;  ///< null: evaluation, no dropout
};

}  // namespace wav2vec
