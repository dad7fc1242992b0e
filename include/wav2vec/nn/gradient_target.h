#pragma once
// Where backward leaves the gradients of parameters.

#include "wav2vec/core/write.h"
#include "wav2vec/nn/parameter.h"

namespace wav2vec {

/// Gradients are added to the block; only those of convolution weights – all but some thousand values – may
/// replace what it holds, so that a new sum need not begin with a pass of zeros over the block. No two
/// convolutions share a weight.
struct GradientTarget {
  ParameterBlock& block;
  Write weights = Write::accumulate;

  GradientTarget(ParameterBlock& gradients, Write write_weights = Write::accumulate)
      : block(gradients), weights(write_weights) {}
};

/// For the first pass of a sum: sets everything but the weights to zero and has them overwritten.
GradientTarget start_gradients(ParameterBlock& gradients);

/// For whatever comes after the first.
inline GradientTarget accumulating(const GradientTarget& target) { return {target.block}; }

}  // namespace wav2vec
