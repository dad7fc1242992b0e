#pragma once
// What the head of a probe reads: batches of stored features, or of a network that is tuned with it.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "wav2vec/config/probe_input.h"
#include "wav2vec/core/workspace.h"
#include "wav2vec/nn/parameter.h"
#include "wav2vec/probe/probe_features.h"

namespace wav2vec {

struct ProbeInputs {
  int64_t layers = 1;
  int64_t channels = 0;  ///< of each layer, stacking included
  /// Rows of a batch of utterances, [batch, frames, layers · channels], in the workspace.
  std::function<Activations(std::span<const int64_t> utterances, Workspace& workspace)> forward;
  /// Of the batch of the last forward(), in a network that is tuned: accumulates its gradients. dx may be
  /// overwritten. Null where features are fixed.
  std::function<void(const Activations& dx, ParameterBlock& gradients)> backward;
  ParameterBlock* tuned = nullptr;  ///< the parameters of that network
};

/// Standardised, stacked and, several frames to a step (`frames_per_step`), thinned rows of the tables. The
/// edges are repeated where the context passes them. `features` must outlive what is returned.
ProbeInputs stored_inputs(const ProbeFeatures& features, const ProbeInput& input,
                          std::span<const int64_t> training_utterances, int64_t frames_per_step);

/// Frames of utterance `u` that forward() gives.
int64_t input_frames(const ProbeFeatures& features, const ProbeInput& input, int64_t u,
                     int64_t frames_per_step);

}  // namespace wav2vec
