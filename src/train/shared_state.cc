#include "train/shared_state.h"

#include <cstdint>
#include <span>
#include <utility>

#include "wav2vec/core/large_memory.h"

namespace wav2vec {
namespace {

struct Counters {
  int64_t update;
  int64_t adam_updates;
  LoaderPosition position;
  int64_t skipped;
  int64_t skipped_in_row;
  double audio_seconds;
  double wall_seconds;
};

}  // namespace

void share_state(Communicator& communicator, GradientSum& sum, const Wait& wait, TrainingState& state) {
  if (communicator.size() == 1) return;
  Counters counters{state.update,         state.adam.updates,  state.position,    state.skipped,
                    state.skipped_in_row, state.audio_seconds, state.wall_seconds};
  broadcast(communicator, std::as_writable_bytes(std::span(&counters, 1)), wait);
  state.update = counters.update;
  state.adam.updates = counters.adam_updates;
  state.position = counters.position;
  state.skipped = counters.skipped;
  state.skipped_in_row = counters.skipped_in_row;
  state.audio_seconds = counters.audio_seconds;
  state.wall_seconds = counters.wall_seconds;
  broadcast(communicator, std::as_writable_bytes(state.parameters.flat()), wait);
  int64_t owned = 0;
  for (const OwnedRange& range : sum.owned()) owned += range.size();
  for (LargeVector<float>* moment : {&state.adam.first_moment, &state.adam.second_moment}) {
    if (!sum.is_sharded()) {
      broadcast(communicator, std::as_writable_bytes(std::span(*moment)), wait);
      continue;
    }
    LargeVector<float> mine(static_cast<size_t>(owned), 0.0F);
    sum.scatter_owned(*moment, mine);
    *moment = std::move(mine);
  }
}

AdamState gather_moments(Communicator& communicator, GradientSum& sum, const TrainingState& state) {
  const size_t values = communicator.rank() == 0 ? state.parameters.flat().size() : 0;
  AdamState whole;
  whole.updates = state.adam.updates;
  whole.first_moment.resize(values);
  whole.second_moment.resize(values);
  sum.gather_owned(state.adam.first_moment, whole.first_moment);
  sum.gather_owned(state.adam.second_moment, whole.second_moment);
  return whole;
}

}  // namespace wav2vec
