#pragma once
// Trains a network to tell which character is spoken when, from transcripts and, where they are known, the
// times of words.

#include <filesystem>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "wav2vec/config/head_recipe.h"

namespace wav2vec {

struct HeadTrainingOptions {
  std::filesystem::path run_folder;
  bool resume = false;
  std::function<bool()> stop_requested = [] { return false; };
};

/// How well the network aligns what it has not heard.
struct HeadValidation {
  double loss_nats = 0.0;             ///< per frame
  double character_error_rate = 0.0;  ///< of the best path, without a language model
  /// Of words whose times are known: |start found − start given|, likewise ends, and their signed means.
  double start_error_seconds = 0.0;
  double end_error_seconds = 0.0;
  double start_bias_seconds = 0.0;
  double end_bias_seconds = 0.0;
  int64_t words = 0;
};

struct HeadTrainingResult {
  int64_t updates = 0;
  bool already_finished = false;
  bool interrupted = false;
  double best_loss_nats = std::numeric_limits<double>::infinity();  ///< on validation data, per frame
  HeadValidation last = {};
  std::vector<std::string> failures;  ///< inputs that were left out
};

/// The run folder holds recipe.toml, metrics.jsonl and checkpoints as that of a pretraining run does; a
/// checkpoint's model file is a wav2vec network (for `extract`) with a head (for `align`). The network begins
/// as train.initial_model, whose [model] counts then, or at random; checkpoints are compared by their loss on
/// validation data. Goes on bit for bit with `resume`. Throws ConfigError, DataError, NumericError,
/// DiskError, CheckpointError.
HeadTrainingResult train_alignment_head(const HeadRecipe& recipe, const HeadTrainingOptions& options);

}  // namespace wav2vec
