#pragma once
// What a run begins with: PyTorch's random initial values, or the weights of a network that was trained
// before.

#include "wav2vec/config/model_config.h"
#include "wav2vec/config/train_config.h"
#include "wav2vec/nn/parameter.h"

namespace wav2vec {

/// Fills the block with the initial values of `config.seed` and then, where `config.initial_model` names a
/// network (io/checkpoint.h, resolve_model_path), with its encoder and context network, and with its step
/// projections or its head where the block has one of the same shape. Throws ConfigError when `model`
/// describes another network, and what reading a model file throws.
void set_initial_weights(const ModelConfig& model, const TrainConfig& config, ParameterBlock& parameters);

}  // namespace wav2vec
