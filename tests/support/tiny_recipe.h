#pragma once
// A network of a few hundred weights, for tests that only move them.

#include "wav2vec/config/pretrain_recipe.h"

namespace wav2vec::test {

inline PretrainRecipe tiny_recipe() {
  PretrainRecipe recipe;
  recipe.model.encoder_channels = {8, 8, 8, 8, 8};
  recipe.model.context_channels = {8};
  recipe.model.context_kernels = {3};
  return recipe;
}

}  // namespace wav2vec::test
