#pragma once
// Hours of audio against all of their text: first roughly, then between the frames that this leaves.

#include <cstdint>
#include <span>
#include <vector>

#include "wav2vec/align/chain_path.h"

namespace wav2vec {

struct CoarseOptions {
  ChainPathOptions path;             ///< of the fine path
  int64_t most_cells = 400'000'000;  ///< frames times states of the coarse one
  int64_t margin_frames = 500;       ///< that the fine path may differ from it
};

/// The chain with the frames of every state narrowed to those around a path on which 4 frames and 2 letters
/// count as one, or 8 and 4, and so on until there are no more than most_cells; letters are not put together
/// beyond pauses that are not optional, kAnySound and jumps. Without a coarse path the chain as it is.
std::vector<ChainState> narrowed_chain(const Similarity& similarity, std::span<const ChainState> chain,
                                       const CoarseOptions& options);

}  // namespace wav2vec
