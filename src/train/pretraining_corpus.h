#pragma once
// The audio of a pretraining run.

#include <cstdint>

#include "wav2vec/config/pretrain_recipe.h"
#include "wav2vec/data/manifest.h"

namespace wav2vec {

struct PretrainingCorpus {
  Manifest train;
  Manifest valid;
  Manifest noise;     ///< for augmentation; empty = babble, or none
  uint64_t hash = 0;  ///< of what decides order and content of the batches
};

/// Throws ConfigError, DataError.
PretrainingCorpus load_pretraining_corpus(const PretrainRecipe& recipe);

}  // namespace wav2vec
