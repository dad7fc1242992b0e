#include "wav2vec/model/pretraining_network.h"

#include <algorithm>

namespace wav2vec {
namespace {

Activations push_zeros_like(const Activations& x, Workspace& workspace) {
  const Activations y = workspace.push_like(x);
  std::fill_n(y.data, y.size(), 0.0F);
  return y;
}

}  // namespace

PretrainingNetwork::PretrainingNetwork(const ModelConfig& model_config, const ObjectiveConfig& objective_config)
    : model(make_wav2vec_model(model_config, layout)),
      objective(make_contrastive_objective(objective_config, model_config, layout)) {
  layout.freeze();
}

ObjectiveSums train_pass(const PretrainingNetwork& network, const ParameterBlock& parameters, Workspace& workspace,
                         const Activations& waveform, const TrainingRandom& random, ParameterBlock& gradients) {
  const Workspace::Mark mark = workspace.mark();
  const Pass pass{parameters, workspace, &random};
  Wav2VecCache cache;
  const Wav2VecFeatures features = wav2vec_forward(network.model, pass, waveform, &cache);
  const NegativeTable negatives =
      sample_negatives(network.objective.config, features.z.frames, features.z.lengths, random);
  ObjectiveGradients wanted{gradients, push_zeros_like(features.z, workspace),
                            push_zeros_like(features.c, workspace)};
  const ObjectiveSums sums =
      contrastive_pass(network.objective, pass, features.z, features.c, negatives, &wanted);
  wav2vec_backward(network.model, pass, cache, wanted.dz, wanted.dc, gradients);
  workspace.rewind(mark);
  return sums;
}

Evaluation evaluate_pass(const PretrainingNetwork& network, const ParameterBlock& parameters, Workspace& workspace,
                         const Activations& waveform, const TrainingRandom& random) {
  const Pass pass{parameters, workspace};
  Evaluation result;
  result.features = wav2vec_forward(network.model, pass, waveform, nullptr);
  const NegativeTable negatives =
      sample_negatives(network.objective.config, result.features.z.frames, result.features.z.lengths, random);
  result.sums =
      contrastive_pass(network.objective, pass, result.features.z, result.features.c, negatives, nullptr);
  return result;
}

}  // namespace wav2vec
