#pragma once
// A model with its objective, parameters and memory, as tests need it.

#include <optional>
#include <vector>

#include "wav2vec/model/pretraining_network.h"

namespace wav2vec::test {

struct Network : PretrainingNetwork {
  ParameterBlock parameters;
  ParameterBlock gradients;
  Workspace workspace;
  std::optional<PackedWeights> packed;  ///< none: f32

  Network(const ModelConfig& m, const ObjectiveConfig& o)
      : PretrainingNetwork(m, o), parameters(layout), gradients(layout) {
    initialize_parameters(parameters, 1);
  }

  /// From now on with bf16 products of the parameters as they are; call it again after changing them.
  void use_bf16() {
    packed.emplace(convolutions_of(*this), PackFor::training);
    packed->refresh(parameters);
  }
  Pass pass(const TrainingRandom* random = nullptr) {
    return {parameters, workspace, random, packed ? &*packed : nullptr};
  }
};

/// A batch of waveforms and its lengths.
struct Batch {
  std::vector<float> samples;
  std::vector<int64_t> lengths;

  Activations view() {
    const auto batch = static_cast<int64_t>(lengths.size());
    return {samples.data(), batch, static_cast<int64_t>(samples.size()) / batch, 1, lengths};
  }
};

inline Activations zeros_like(const Activations& x, Workspace& workspace) {
  const Activations y = workspace.push_like(x);
  std::fill_n(y.item(0), y.size(), 0.0F);
  return y;
}

/// Loss and, in network.gradients, the gradients of the summed loss. Leaves z and c in the workspace; the
/// caller rewinds.
struct StepResult {
  Wav2VecFeatures features;
  ObjectiveSums sums;
  std::vector<ItemLogits> logits;
  Wav2VecCache cache;
};

inline StepResult run_step(Network& network, Batch& batch, const NegativeTable& negatives,
                           const TrainingRandom* random = nullptr) {
  StepResult result;
  const Pass pass = network.pass(random);
  result.features = wav2vec_forward(network.model, pass, batch.view(), &result.cache);
  network.gradients.zero();
  ObjectiveGradients gradients{network.gradients, zeros_like(result.features.z, network.workspace),
                               zeros_like(result.features.c, network.workspace)};
  result.sums = contrastive_pass(network.objective, pass, result.features.z, result.features.c, negatives,
                                 &gradients, &result.logits);
  wav2vec_backward(network.model, pass, result.cache, gradients.dz, gradients.dc, network.gradients);
  return result;
}

}  // namespace wav2vec::test
