#pragma once
// The network with its objective: what pretraining optimises.

#include "wav2vec/model/contrastive_objective.h"
#include "wav2vec/model/wav2vec_model.h"

namespace wav2vec {

/// Architecture only; the values are in ParameterBlocks of `layout`, which must not outlive it.
struct PretrainingNetwork {
  ParameterLayout layout;
  Wav2VecModel model;
  ContrastiveObjective objective;

  PretrainingNetwork(const ModelConfig& model_config, const ObjectiveConfig& objective_config);
  PretrainingNetwork(const PretrainingNetwork&) = delete;
  PretrainingNetwork& operator=(const PretrainingNetwork&) = delete;
};

/// One batch forward and backward: waveform [batch, samples, 1]. Gradients of the summed loss accumulate. The
/// workspace is left as it was.
ObjectiveSums train_pass(const PretrainingNetwork& network, const ParameterBlock& parameters, Workspace& workspace,
                         const Activations& waveform, const TrainingRandom& random, ParameterBlock& gradients);

/// Forward without dropout. z and c stay in the workspace until the caller rewinds it.
struct Evaluation {
  ObjectiveSums sums;
  Wav2VecFeatures features;
};
Evaluation evaluate_pass(const PretrainingNetwork& network, const ParameterBlock& parameters, Workspace& workspace,
                         const Activations& waveform, const TrainingRandom& random);

}  // namespace wav2vec
