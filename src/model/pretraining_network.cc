#include "wav2vec/model/pretraining_network.h"

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <utility>

#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

Activations push_zeros_like(const Activations& x, Workspace& workspace) {
  const Activations y = workspace.push_like(x);
  std::fill_n(y.item(0), y.size(), 0.0F);
  return y;
}

void tell(const StageObserver& done, std::string_view stage) {
  if (done) done(stage);
}

struct ObjectiveStep {
  ObjectiveSums sums;
  Activations dz;
  Activations dc;
};

ObjectiveStep objective_step(const PretrainingNetwork& network, const Pass& pass,
                             const Wav2VecFeatures& features, const GradientTarget& gradients) {
  W2V_CHECK(pass.random != nullptr, "training needs random numbers");
  const NegativeTable negatives =
      sample_negatives(network.objective.config, features.z.frames, features.z.lengths, *pass.random);
  ObjectiveGradients wanted{gradients, push_zeros_like(features.z, pass.workspace),
                            pass.workspace.push_like(features.c)};
  ObjectiveSums sums = contrastive_pass(network.objective, pass, features.z, features.c, negatives, &wanted);
  return {std::move(sums), wanted.dz, wanted.dc};
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

PassFlops pass_flops(const PretrainingNetwork& network, int64_t samples) {
  PassFlops flops;
  const auto add = [&](const Conv1d& conv, double frames, int products) {
    const double forward =
        2.0 * frames * static_cast<double>(conv.in_channels * conv.kernel * conv.out_channels);
    flops.features += forward;
    flops.training += products * forward;
  };
  int64_t frames = samples;
  for (const EncoderBlock& block : network.model.encoder.blocks) {
    const bool first = frames == samples;
    frames = block.conv.output_frames(frames);
    add(block.conv, static_cast<double>(frames), first ? 2 : 3);
  }
  for (const ContextBlock& block : network.model.context.blocks) {
    add(block.conv, static_cast<double>(frames), 3);
    if (block.has_projection) add(block.residual_projection, static_cast<double>(frames), 3);
  }
  const double features = flops.features;
  add(network.objective.projection, static_cast<double>(frames), 3);
  flops.features = features;
  const ObjectiveConfig& objective = network.objective.config;
  flops.training += 3.0 * 2.0 *
                    static_cast<double>(frames * objective.prediction_steps * objective.copies() *
                                        network.objective.encoder_channels);
  return flops;
}

ObjectiveSums train_pass(const PretrainingNetwork& network, const Pass& pass, const Activations& waveform,
                         const GradientTarget& gradients, const StageObserver& done) {
  const Workspace::Mark mark = pass.workspace.mark();
  Wav2VecCache cache;
  const Wav2VecFeatures features = wav2vec_forward(network.model, pass, waveform, &cache);
  tell(done, "forward");
  const ObjectiveStep step = objective_step(network, pass, features, gradients);
  tell(done, "objective");
  wav2vec_backward(network.model, pass, cache, step.dz, step.dc, gradients);
  tell(done, "backward");
  pass.workspace.rewind(mark);
  return step.sums;
}

ObjectiveSums train_pass(const PretrainingNetwork& network, const Pass& pass, const Activations& targets,
                         const Activations& heard, const GradientTarget& gradients,
                         const StageObserver& done) {
  W2V_CHECK(std::ranges::equal(targets.lengths, heard.lengths), "two recordings of different lengths");
  const Wav2VecModel& model = network.model;
  const Workspace::Mark mark = pass.workspace.mark();
  EncoderCache target_cache;
  Wav2VecCache heard_cache;
  const Activations z = encoder_forward(model.encoder, pass, targets, &target_cache);
  const Activations heard_z = encoder_forward(model.encoder, pass, heard, &heard_cache.encoder);
  const Activations c = context_from_features(model, pass, heard_z, &heard_cache.context);
  tell(done, "forward");
  const ObjectiveStep step = objective_step(network, pass, {z, c}, gradients);
  tell(done, "objective");
  const Activations heard_dz = pass.workspace.push_like(heard_z);
  context_from_features_backward(model, pass, heard_cache.context, step.dc, gradients, heard_dz);
  encoder_backward(model.encoder, pass, heard_cache.encoder, heard_dz, not_yet_ready(gradients));
  encoder_backward(model.encoder, pass, target_cache, step.dz, accumulating(gradients));
  tell(done, "backward");
  pass.workspace.rewind(mark);
  return step.sums;
}

std::vector<ParameterId> backward_order(const PretrainingNetwork& network) {
  std::vector<ParameterId> order;
  const auto add = [&](std::initializer_list<ParameterId> parameters) {
    std::ranges::copy_if(parameters, std::back_inserter(order), [](ParameterId id) { return bool(id); });
  };
  add({network.objective.projection.weight, network.objective.projection.bias});
  const auto& context = network.model.context.blocks;
  for (auto block = context.rbegin(); block != context.rend(); ++block)
    add({block->conv.weight, block->conv.bias, block->norm.weight, block->norm.bias,
         block->residual_projection.weight});
  const auto& encoder = network.model.encoder.blocks;
  for (auto block = encoder.rbegin(); block != encoder.rend(); ++block)
    add({block->conv.weight, block->conv.bias, block->norm.weight, block->norm.bias});
  return order;
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
