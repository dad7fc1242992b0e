#pragma once
// The order in which the letters of a text are spoken: a chain of states that a path through the frames walks
// along, in each at least one frame. Unlike CTC's, it has no blank between any two letters, so that a letter
// lasts until the next one begins: CTC's peaks say that a word is spoken, not where it ends.

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace wav2vec {

/// The letter of a state that fits any sound: it scores what a letter that says nothing does, 0, less a
/// penalty.
inline constexpr int64_t kAnySound = -1;

struct ChainState {
  int64_t letter = 0;     ///< its place in the text
  bool optional = false;  ///< a path may pass it by; no two in a row are optional
  bool lasting = false;   ///< a pause: it may last, while letters are short
  int64_t first_frame = 0;
  int64_t end_frame =
      std::numeric_limits<int64_t>::max();  ///< the state lasts within [first_frame, end_frame)
  /// A state before it from which a path may jump here, past all between them; −1: none.
  int64_t jump_from = -1;
};

/// Whether no two neighbours are optional and at least one state is not.
bool is_chain(std::span<const ChainState> chain);

/// Frames that a path takes at least.
int64_t least_frames(std::span<const ChainState> chain);

/// A state for each token of a text, in their order; gaps between words (text/token_set.h) are
/// optional.
std::vector<ChainState> chain_of(std::span<const int> tokens);

}  // namespace wav2vec
