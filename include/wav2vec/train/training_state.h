#pragma once
// Everything that a run needs to go on as if it had never stopped.

#include <cstdint>
#include <filesystem>
#include <limits>

#include "wav2vec/config/pretrain_recipe.h"
#include "wav2vec/data/batch_loader.h"
#include "wav2vec/io/checkpoint.h"
#include "wav2vec/io/model_file_info.h"
#include "wav2vec/model/contrastive_objective.h"
#include "wav2vec/model/pretraining_network.h"
#include "wav2vec/train/collapse_alarm.h"
#include "wav2vec/train/optimizer.h"
#include "wav2vec/train/outlier_detector.h"

namespace wav2vec {

/// What one update measured, already summed over accumulation and ranks.
struct UpdateMeasures {
  ObjectiveSums sums;
  double gradient_norm = 0.0;
  double learning_rate = 0.0;
  double audio_seconds = 0.0;
  double compute_seconds = 0.0;  ///< the whole update, waiting for the loader included
  double wait_seconds = 0.0;
  int64_t ranks = 1;
  double exchange_seconds = 0.0;       ///< of gradients between ranks, behind the backward pass or not
  double exchange_wait_seconds = 0.0;  ///< of that, what the update waited for
};

/// What the log of the run carries from one update to the next: with it the records after a resume are those
/// of the run that was not interrupted.
struct LogState {
  UpdateMeasures interval;  ///< sums since the last train record
  int64_t interval_updates = 0;
  OutlierMemory loss_outliers;
  OutlierMemory norm_outliers;
  CollapseMemory collapse;
};

struct TrainingState {
  ParameterBlock parameters;
  AdamState adam;
  int64_t update = 0;       ///< updates done, skipped ones included
  LoaderPosition position;  ///< of the next batch; random numbers follow from it and the seed
  int64_t skipped = 0;      ///< updates left out because they were not finite
  int64_t skipped_in_row = 0;
  double audio_seconds = 0.0;  ///< trained on so far
  double wall_seconds = 0.0;
  /// Validation loss in bits, or the probe's error rate where probe.best_by says so; of the best checkpoint.
  double best_measure = std::numeric_limits<double>::infinity();
  int64_t best_update = 0;   ///< where that was; 0 = none yet
  uint64_t corpus_hash = 0;  ///< of the manifests; a changed corpus must not go unnoticed
  LogState log;              ///< of rank 0, as it was when the state was saved

  explicit TrainingState(const ParameterLayout& layout) : parameters(layout), adam(layout) {}
};

/// What the model file of a run says beside its tensors, but for the update.
ModelFileInfo model_file_info(const PretrainRecipe& recipe);

/// model.safetensors (io/model_file.h; its update is that of the state) and state.safetensors (moments and
/// counters).
void save_state(CheckpointStore& store, ModelFileInfo info, const TrainingState& state);

/// Fills the state from a verified checkpoint; `log` stays empty when an older version wrote it. Throws
/// DataError when it belongs to another network.
void load_state(const Checkpoint& checkpoint, TrainingState& state);

/// Bytes that one checkpoint takes on disk.
uint64_t checkpoint_bytes(const ParameterLayout& layout);

}  // namespace wav2vec
