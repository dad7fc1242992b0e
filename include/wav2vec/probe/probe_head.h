#pragma once
// What a probe puts on top of features: a weighting of layers, an LSTM or nothing, and a linear layer.

#include <cstdint>
#include <optional>

#include "wav2vec/config/probe_recipe.h"
#include "wav2vec/nn/conv1d.h"
#include "wav2vec/nn/lstm.h"

namespace wav2vec {

struct ProbeHead {
  int64_t layers = 1;    ///< that are mixed
  int64_t channels = 0;  ///< of each of them
  ParameterId mix = {};  ///< w, [layers]; absent for one layer
  std::optional<BidirectionalLstm> lstm = {};
  Conv1d output = {};
};

/// What backward needs, views into the workspace.
struct ProbeHeadCache {
  Activations input;
  Activations mixed;
  LstmCache lstm;
  Activations output_input;
};

/// Parameters are head.mix, head.lstm.*, head.output.{weight,bias}.
ProbeHead make_probe_head(ParameterLayout& layout, const ProbeHeadConfig& config, int64_t layers,
                          int64_t channels, int64_t classes);

/// x: [batch, frames, layers · channels], the layers one behind the other -> logits [batch, frames, classes].
/// Layers are mixed as Σ_l softmax(w)_l · x_l, as s3prl's featurizer does.
Activations probe_head_forward(const ProbeHead& head, const Pass& pass, const Activations& x,
                               ProbeHeadCache& cache);

/// Accumulates the gradients of the parameters; overwrites dx unless it is null (only without a mix).
void probe_head_backward(const ProbeHead& head, const Pass& pass, const ProbeHeadCache& cache,
                         const Activations& dlogits, ParameterBlock& gradients, const Activations* dx);

/// softmax(w) of the mix, for people; {1} without.
std::vector<double> mix_weights(const ProbeHead& head, const ParameterBlock& parameters);

}  // namespace wav2vec
