#include "wav2vec/model/pretraining_network.h"

#include <algorithm>

#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

Activations push_zeros_like(const Activations& x, Workspace& workspace) {
  const Activations y = workspace.push_like(x);
  std::fill_n(y.item(0), y.size(), 0.0F);
  return y;
}

}  // namespace

PretrainingNetwork::PretrainingNetwork(const ModelConfig& model_config,
                                       const ObjectiveConfig& objective_config)
    : model(make_wav2vec_model(model_config, layout)),
      objective(make_contrastive_objective(objective_config, model_config, layout)) {
  layout.freeze();
}

std::vector<Conv1d> convolutions_of(const PretrainingNetwork& network) {
  std::vector<Conv1d> out = convolutions_of(network.model);
  out.push_back(network.objective.projection);
  return out;
}

ObjectiveSums train_pass(const PretrainingNetwork& network, const Pass& pass, const Activations& waveform,
                         ParameterBlock& gradients) {
  W2V_CHECK(pass.random != nullptr, "training needs random numbers");
  const Workspace::Mark mark = pass.workspace.mark();
  Wav2VecCache cache;
  const Wav2VecFeatures features = wav2vec_forward(network.model, pass, waveform, &cache);
  const NegativeTable negatives =
      sample_negatives(network.objective.config, features.z.frames, features.z.lengths, *pass.random);
  ObjectiveGradients wanted{gradients, push_zeros_like(features.z, pass.workspace),
                            pass.workspace.push_like(features.c)};
  const ObjectiveSums sums =
      contrastive_pass(network.objective, pass, features.z, features.c, negatives, &wanted);
  wav2vec_backward(network.model, pass, cache, wanted.dz, wanted.dc, gradients);
  pass.workspace.rewind(mark);
  return sums;
}

Evaluation evaluate_pass(const PretrainingNetwork& network, const Pass& pass, const Activations& waveform,
                         const TrainingRandom& random) {
  const Pass evaluation{pass.parameters, pass.workspace, nullptr, pass.packed};
  Evaluation result;
  result.features = wav2vec_forward(network.model, evaluation, waveform, nullptr);
  const NegativeTable negatives =
      sample_negatives(network.objective.config, result.features.z.frames, result.features.z.lengths, random);
  result.sums = contrastive_pass(network.objective, evaluation, result.features.z, result.features.c,
                                 negatives, nullptr);
  return result;
}

}  // namespace wav2vec
