#pragma once

#include <cstdint>

#include "wav2vec/config/train_config.h"

namespace wav2vec {

/// Learning rate of update number `update` + 1 (update counts from 0).
/// - warm-up: linear from warmup_initial_rate to learning_rate;
/// - cosine: to min_learning_rate at max_updates; a run that goes on starts the curve again at a tenth, as
///   fairseq's does;
/// - tri_stage: hold_updates at the peak, then exponential to min_learning_rate at max_updates;
/// - constant: the peak.
double learning_rate_at(const OptimConfig& config, int64_t max_updates, int64_t update);

}  // namespace wav2vec
