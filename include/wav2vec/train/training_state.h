#pragma once
// Everything that a run needs to go on as if it had never stopped.

#include <cstdint>
#include <filesystem>
#include <limits>

#include "wav2vec/config/pretrain_recipe.h"
#include "wav2vec/data/batch_loader.h"
#include "wav2vec/io/checkpoint.h"
#include "wav2vec/model/pretraining_network.h"
#include "wav2vec/train/optimizer.h"

namespace wav2vec {

struct TrainingState {
  ParameterBlock parameters;
  AdamState adam;
  int64_t update = 0;       ///< updates done, skipped ones included
  LoaderPosition position;  ///< of the next batch; random numbers follow from it and the seed
  int64_t skipped = 0;      ///< updates left out because they were not finite
  int64_t skipped_in_row = 0;
  double audio_seconds = 0.0;  ///< trained on so far
  double wall_seconds = 0.0;
  double best_valid_bits = std::numeric_limits<double>::infinity();
  int64_t best_update = 0;   ///< where that was; 0 = no validation yet
  uint64_t corpus_hash = 0;  ///< of the manifests; a changed corpus must not go unnoticed

  explicit TrainingState(const ParameterLayout& layout) : parameters(layout), adam(layout) {}
};

/// model.safetensors (io/model_file.h) and state.safetensors (moments and counters).
void save_state(CheckpointStore& store, const PretrainRecipe& recipe, const TrainingState& state);

/// Fills the state from a verified checkpoint. Throws DataError when it belongs to another network.
void load_state(const Checkpoint& checkpoint, TrainingState& state);

/// Bytes that one checkpoint takes on disk.
uint64_t checkpoint_bytes(const ParameterLayout& layout);

}  // namespace wav2vec
