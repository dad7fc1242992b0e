#pragma once
// Edges that move outwards over frames that belong.

#include <cstdint>

namespace wav2vec {

/// From `frame` by `step` (1 or -1) up to but not including `limit`: one step behind the last frame that
/// belongs; `frame` where none does. Stops behind more than `most_quiet` frames in a row that do not.
template <class Belongs>
int64_t outward(int64_t frame, int64_t limit, int64_t step, int64_t most_quiet, const Belongs& belongs) {
  int64_t edge = frame;
  for (int64_t t = frame, quiet = 0; step * (limit - t) > 0 && quiet <= most_quiet; t += step) {
    quiet = belongs(t) ? 0 : quiet + 1;
    if (quiet == 0) edge = t + step;
  }
  return edge;
}

}  // namespace wav2vec
