#pragma once
// The network with its objective: what pretraining optimises.

#include <functional>
#include <string_view>
#include <vector>

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

/// Every convolution, for PackedWeights.
std::vector<Conv1d> convolutions_of(const PretrainingNetwork& network);

/// Multiplications and additions of the products of one utterance: the network, the objective's projection
/// and its scores; a training pass computes each product's two gradients too, but for that of the waveform.
struct PassFlops {
  double features = 0.0;
  double training = 0.0;
};
PassFlops pass_flops(const PretrainingNetwork& network, int64_t samples);

/// Told the name of every stage of a training pass when it is done.
using StageObserver = std::function<void(std::string_view stage)>;

/// One batch forward and backward: waveform [batch, samples, 1]. Gradients are those of the summed loss. The
/// workspace is left as it was. The pass must have random numbers.
ObjectiveSums train_pass(const PretrainingNetwork& network, const Pass& pass, const Activations& waveform,
                         const GradientTarget& gradients, const StageObserver& done = nullptr);

/// The same with other audio for the context network: c comes from `heard`, z of positives and negatives from
/// `targets` (Kharitonov et al. 2020, augmentation of the past). Both are [batch, samples, 1] of equal
/// lengths; the encoder runs, and gets gradients, on each.
ObjectiveSums train_pass(const PretrainingNetwork& network, const Pass& pass, const Activations& targets,
                         const Activations& heard, const GradientTarget& gradients,
                         const StageObserver& done = nullptr);

/// The parameters in the order in which train_pass() tells that they are ready.
std::vector<ParameterId> backward_order(const PretrainingNetwork& network);

/// Forward without dropout; `random` draws the negatives. z and c stay in the workspace until the caller
/// rewinds it.
struct Evaluation {
  ObjectiveSums sums;
  Wav2VecFeatures features;
};
Evaluation evaluate_pass(const PretrainingNetwork& network, const Pass& pass, const Activations& waveform,
                         const TrainingRandom& random);

}  // namespace wav2vec
