#pragma once
// Where the letters of a chain are spoken: its best path through the frames.

#include <cstdint>
#include <functional>
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
  /// A letter that lasts longer than this costs more for every further frame: else the first letters of a
  /// line would stretch over the last word of the line before, once that one is squeezed in front of a pause.
  int64_t long_letter_frames = 12;
  float long_letter_penalty = 2.0F;
  float jump_penalty = 10.0F;  ///< of ChainState::jump_from
  /// Cells (frames times states that are possible there) that may be kept, at two bits each.
  int64_t most_cells = int64_t{8} << 30;
  /// Asked now and then; true: give up.
  std::function<bool()> stop_requested = [] { return false; };
};

/// The state of every frame on the path with the highest sum of similarities; of equal ones that which stays
/// in a state. Optional states, the gaps between words, cost where they do not fit and win nothing where they
/// do: silence would pull the words of a line apart. How long a letter has lasted is known of the best path
/// into each cell alone, so that with the penalty of long letters another path may be a little better. Empty
/// when no path fits or it was stopped. Throws ConfigError when more than most_cells would be kept: give the
/// states narrower frames. A chain that is none (is_chain) is an InternalError.
std::vector<int64_t> best_chain_path(const Similarity& similarity, std::span<const ChainState> chain,
                                     const ChainPathOptions& options = {});

}  // namespace wav2vec
