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

struct LocalFitOptions {
  int64_t count = 1;         ///< fits at most
  int64_t apart_frames = 1;  ///< no two end within this of each other
  /// Taken from the similarity of every frame: the best path of any text through any speech gains about this,
  /// and would grow longer and longer.
  float frame_nats = 1.5F;
};

/// The best fits of a whole chain, best first. Paths begin and end in any frame. Optional states, the gaps
/// between words, cost where they do not fit and win nothing where they do: else a path would reach out for
/// silence. The frames of the states do not count, and neither do jumps.
std::vector<LocalFit> local_fits(const Similarity& similarity, std::span<const ChainState> chain,
                                 const LocalFitOptions& options = {});

}  // namespace wav2vec
