#pragma once
// The order in which the tokens of a text are spoken: a chain of states that a path through the frames walks
// along, in each at least one frame. Unlike CTC's, it has no blank between any two tokens, so that a letter
// lasts until the next one begins: CTC's peaks say that a word is spoken, not where it ends.

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace wav2vec {

/// The token of a state that fits any sound: its score in a frame is the best of all tokens, less a penalty.
inline constexpr int32_t kAnyToken = -1;

struct ChainState {
  int32_t token = 0;
  bool optional = false;  ///< a path may pass it by; no two in a row are optional
  int64_t first_frame = 0;
  int64_t end_frame =
      std::numeric_limits<int64_t>::max();  ///< the state lasts within [first_frame, end_frame)
};

/// Whether no two neighbours are optional and at least one state is not.
bool is_chain(std::span<const ChainState> chain);

/// Frames that a path takes at least.
int64_t least_frames(std::span<const ChainState> chain);

/// A chain of character tokens (text/character_tokens.h). `position[s]` is the place in `tokens` that state s
/// speaks; −1 for the gaps at both ends and the separators of equal letters.
struct TextChain {
  std::vector<ChainState> states;
  std::vector<int64_t> positions;
};

/// gap? t1 t2 … tn gap?, where a blank between words is a state like any other, the gaps at the ends are
/// blanks too and may be missing, and CTC's blank (0) parts equal letters, for otherwise "ll" could not be
/// told from a long "l".
TextChain chain_of(std::span<const int> tokens);

}  // namespace wav2vec
