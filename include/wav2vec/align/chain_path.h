#pragma once
// Where the tokens of a chain are spoken: its best path through the frames.

#include <cstdint>
#include <span>
#include <vector>

#include "wav2vec/align/token_chain.h"

namespace wav2vec {

/// Scores of tokens in frames, ln of (scaled) probabilities, in memory that somebody else owns.
struct TokenScores {
  const float* rows = nullptr;  ///< [frames, classes]
  int64_t frames = 0;
  int64_t classes = 0;

  const float* row(int64_t frame) const { return rows + frame * classes; }
  float best(int64_t frame) const;  ///< of all tokens
};

struct ChainPathOptions {
  /// What a frame in a kAnyToken state costs against the best token.
  float any_penalty = 1.0F;
  /// Cells (frames times states that are possible there) that may be kept, at two bits each.
  int64_t most_cells = int64_t{8} << 30;
};

/// The state of every frame on the path with the highest sum of scores; of equal ones that which stays in a
/// state. Empty when no path fits. Throws ConfigError when more than most_cells would be kept: give the
/// states narrower frames. A chain that is none (is_chain) is an InternalError.
std::vector<int64_t> best_chain_path(const TokenScores& scores, std::span<const ChainState> chain,
                                     const ChainPathOptions& options = {});

}  // namespace wav2vec
