#pragma once
// Where a short text fits a recording best, wherever that is.

#include <cstdint>
#include <span>
#include <vector>

#include "wav2vec/align/similarity.h"
#include "wav2vec/align/token_chain.h"

namespace wav2vec {

/// Frames [first_frame, end_frame) and the sum of the similarities on the best path through them: by how
/// much, in nats, they are more probable with the text than without.
struct LocalFit {
  int64_t first_frame = 0;
  int64_t end_frame = 0;
  double nats = 0.0;

  bool operator==(const LocalFit&) const = default;
};

/// The best fits of a whole chain, best first, at most `count`, of which no two end within `apart_frames` of
/// each other. Paths begin and end in any frame. Optional states, the gaps between words, cost where they do
/// not fit and win nothing where they do: else a path would reach out for silence. The frames of the states
/// do not count, and neither do jumps.
std::vector<LocalFit> local_fits(const Similarity& similarity, std::span<const ChainState> chain,
                                 int64_t count, int64_t apart_frames);

}  // namespace wav2vec
