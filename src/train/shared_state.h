#pragma once
// A training state that several ranks have, or have parts of.

#include "wav2vec/train/communicator.h"
#include "wav2vec/train/gradient_sum.h"
#include "wav2vec/train/training_state.h"

namespace wav2vec {

/// Gives every rank rank 0's state but for its log; of a sharded optimiser each the moments that it owns.
/// Throws CommunicationError.
void share_state(Communicator& communicator, GradientSum& sum, const Wait& wait, TrainingState& state);

/// The optimiser's state of all ranks on rank 0, empty moments on the others.
AdamState gather_moments(Communicator& communicator, GradientSum& sum, const TrainingState& state);

}  // namespace wav2vec
