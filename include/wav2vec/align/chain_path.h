#pragma once
// Where the letters of a chain are spoken: its best path through the frames.

#include <cstdint>
#include <span>
#include <vector>

#include "wav2vec/align/similarity.h"
#include "wav2vec/align/token_chain.h"

namespace wav2vec {

struct ChainPathOptions {
  /// What a frame in a kAnySound state costs.
  float any_penalty = 1.0F;
  /// What a frame costs in which a path stays with its letter: letters are short, and one that silence suits
  /// would otherwise last through it.
  float stay_penalty = 0.2F;
  float jump_penalty = 10.0F;  ///< of ChainState::jump_from
  /// Cells (frames times states that are possible there) that may be kept, at two bits each.
  int64_t most_cells = int64_t{8} << 30;
};

/// The state of every frame on the path with the highest sum of similarities; of equal ones that which stays
/// in a state. Optional states, the gaps between words, cost where they do not fit and win nothing where they
/// do: silence would pull the words of a line apart. Empty when no path fits. Throws ConfigError when more
/// than most_cells would be kept: give the states narrower frames. A chain that is none (is_chain) is an
/// InternalError.
std::vector<int64_t> best_chain_path(const Similarity& similarity, std::span<const ChainState> chain,
                                     const ChainPathOptions& options = {});

}  // namespace wav2vec
