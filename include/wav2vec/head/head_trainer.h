#pragma once
// Trains a network to tell which character is spoken when, from transcripts and, where they are known, the
// times of words.

#include <filesystem>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "wav2vec/config/head_recipe.h"
#include "wav2vec/head/head_validation.h"

namespace wav2vec {

struct HeadTrainingOptions {
  std::filesystem::path run_folder;
  bool resume = false;
  std::function<bool()> stop_requested = [] { return false; };
};

struct HeadTrainingResult {
  int64_t updates = 0;
  bool already_finished = false;
  bool interrupted = false;
  /// On validation data; −∞ before the first.
  double best_match_auc = -std::numeric_limits<double>::infinity();
  HeadValidation last = {};
  std::vector<std::string> failures;  ///< inputs that were left out
};

/// The run folder holds recipe.toml, metrics.jsonl and checkpoints as that of a pretraining run does; a
/// checkpoint's model file is a wav2vec network (for `extract`) with a head (for `align`). The network begins
/// as train.initial_model, whose [model] counts then, or at random; checkpoints are compared by the share of
/// wrong characters on validation data. Goes on bit for bit with `resume`. Throws ConfigError, DataError,
/// NumericError, DiskError, CheckpointError.
HeadTrainingResult train_alignment_head(const HeadRecipe& recipe, const HeadTrainingOptions& options);

}  // namespace wav2vec
