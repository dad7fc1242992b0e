#pragma once
// What a run begins with: PyTorch's random initial values, or the weights of a network that was trained
// before.

#include "wav2vec/config/pretrain_recipe.h"
#include "wav2vec/nn/parameter.h"

namespace wav2vec {

/// Fills the block with the initial values of `recipe.train.seed` and then, where
/// `recipe.train.initial_model` names one (io/checkpoint.h, resolve_model_path), with its encoder and context
/// network, and with its step projections if they have the same shape. Throws ConfigError when [model]
/// describes another network, and what reading a model file throws.
void set_initial_weights(const PretrainRecipe& recipe, ParameterBlock& parameters);

}  // namespace wav2vec
