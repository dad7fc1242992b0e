#pragma once
// Where backward leaves the gradients of parameters.

#include <functional>
#include <initializer_list>

#include "wav2vec/core/write.h"
#include "wav2vec/nn/parameter.h"

namespace wav2vec {

/// Told each parameter when this pass adds nothing more to its gradient.
using GradientObserver = std::function<void(ParameterId parameter)>;

/// Gradients are added to the block; only those of convolution weights – all but some thousand values – may
/// replace what it holds, so that a new sum need not begin with a pass of zeros over the block. No two
/// convolutions share a weight.
struct GradientTarget {
  ParameterBlock& block;
  Write weights = Write::accumulate;
  const GradientObserver* ready = nullptr;  ///< of the networks in `model`; null: nobody waits

  GradientTarget(ParameterBlock& gradients, Write write_weights = Write::accumulate)
      : block(gradients), weights(write_weights) {}
};

/// For the first pass of a sum: sets everything but the weights to zero and has them overwritten.
GradientTarget start_gradients(ParameterBlock& gradients);

/// For whatever comes after the first.
inline GradientTarget accumulating(GradientTarget target) {
  target.weights = Write::accumulate;
  return target;
}

/// For whatever is not the last.
inline GradientTarget not_yet_ready(GradientTarget target) {
  target.ready = nullptr;
  return target;
}

/// The parameters of a layer, whichever it has, are ready.
inline void tell_ready(const GradientTarget& target, std::initializer_list<ParameterId> parameters) {
  if (target.ready == nullptr) return;
  for (const ParameterId parameter : parameters) {
    if (parameter) (*target.ready)(parameter);
  }
}

}  // namespace wav2vec
