#pragma once
// What the micro-batches of an update measured, beside their gradients.

#include <cstdint>
#include <span>

#include "wav2vec/config/objective_config.h"
#include "wav2vec/model/contrastive_objective.h"
#include "wav2vec/train/communicator.h"

namespace wav2vec {

struct MicroBatch {
  ObjectiveSums sums;
  double audio_seconds = 0.0;
  int64_t items = 0;
};

struct UpdateReport {
  MicroBatch total;  ///< added in the order of the micro-batches, whoever computed them
  bool stop = false;
};

/// The same on every rank. `stop`: this rank wants to. Throws CommunicationError.
UpdateReport report_of_ranks(Communicator& communicator, const ObjectiveConfig& objective,
                             std::span<const MicroBatch> mine, bool stop, const Wait& wait);

}  // namespace wav2vec
