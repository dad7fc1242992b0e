#pragma once
// Optimiser and training loop: sections [optim] and [train] of a recipe.

#include <cstdint>
#include <string>

#include "wav2vec/config/fields.h"
#include "wav2vec/core/dtype.h"

namespace wav2vec {

/// fairseq's Adam adds eps before the bias correction; AdamW (Loshchilov and Hutter) after it. Both decouple
/// the weight decay.
enum class OptimizerKind { fairseq_adam, adamw };
inline constexpr std::string_view kOptimizerNames[] = {"fairseq_adam", "adamw"};

enum class ScheduleKind { cosine, tri_stage, constant };
inline constexpr std::string_view kScheduleNames[] = {"cosine", "tri_stage", "constant"};

struct OptimConfig {
  OptimizerKind optimizer = OptimizerKind::fairseq_adam;
  double learning_rate = 5e-3;
  double min_learning_rate = 1e-6;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0.0;
  double clip_norm = 0.0;
  ScheduleKind schedule = ScheduleKind::cosine;
  int64_t warmup_updates = 500;
  double warmup_initial_rate = 1e-7;
  int64_t hold_updates = 0;

  void visit(FieldVisitor& v);
  void validate() const;
};

struct TrainConfig {
  int64_t max_updates = 400000;
  DTypeChoice dtype = DTypeChoice::automatic;
  int64_t accumulate_batches = 1;
  int64_t seed = 1;
  std::string initial_model = {};
  int64_t log_every = 20;
  int64_t valid_every = 1000;
  int64_t valid_batches = 50;
  int64_t save_every = 1000;
  int64_t keep_last = 2;
  int64_t max_skipped_in_row = 20;

  void visit(FieldVisitor& v);
  void validate() const;
};

}  // namespace wav2vec
