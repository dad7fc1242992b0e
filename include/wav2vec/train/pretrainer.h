#pragma once
// Pretraining: the loop that joins loader, network, optimiser and checkpoints.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "wav2vec/config/pretrain_recipe.h"
#include "wav2vec/train/communicator.h"
#include "wav2vec/train/probe_reading.h"

namespace wav2vec {

struct PretrainOptions {
  std::filesystem::path run_folder;
  bool resume = false;       ///< go on from the newest good checkpoint; start if there is none
  std::string command_line;  ///< for the report
  /// Judges a saved model.safetensors every recipe.probe.every updates; must be there if that is not 0.
  std::function<ProbeReading(const std::filesystem::path& model)> probe = nullptr;
  /// Asked after every update; true saves and ends the run.
  std::function<bool()> stop_requested = [] { return false; };
};

struct PretrainResult {
  int64_t updates = 0;
  bool interrupted = false;
  bool already_finished = false;      ///< resumed behind its last update: nothing was done or written
  double last_valid_bits = 0.0;       ///< NaN without a validation
  double best_measure = 0.0;          ///< by recipe.probe.best_by; infinite without any
  std::vector<std::string> failures;  ///< utterances left out because they cannot be read, each once
};

/// Trains, writing into options.run_folder: recipe.toml (resolved, runnable), checkpoints/, metrics.jsonl,
/// metrics.csv, events.out.tfevents.*, report.html, skipped_updates.jsonl. Only rank 0 writes.
///
/// Weights, optimiser, schedule, sampler and random numbers after a resume are the same to the bit as without
/// the interruption. In f32 they depend neither on the number of ranks, which may change between resumes, nor
/// of threads. A rank other than 0 may have no run folder; its result says nothing about validation.
///
/// Throws ConfigError (recipe, or a run folder that holds another run), DataError (no usable audio),
/// CheckpointError (resume, and every checkpoint is damaged), DiskError, NumericError (max_skipped_in_row),
/// CommunicationError (rank 0 has saved what was done).
PretrainResult pretrain(const PretrainRecipe& recipe, const PretrainOptions& options,
                        Communicator& communicator);

}  // namespace wav2vec
