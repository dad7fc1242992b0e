#pragma once
// From the path of a text to when each of its words is spoken.

#include <cstdint>
#include <span>
#include <vector>

#include "wav2vec/align/chain_path.h"
#include "wav2vec/core/frame_times.h"

namespace wav2vec {

/// Tokens [begin, end) of a text.
struct TokenWord {
  int64_t begin = 0;
  int64_t end = 0;
};

/// The words of character tokens with single blanks between them.
std::vector<TokenWord> words_of(std::span<const int> tokens);

struct TimeSpan {
  double start_seconds = 0.0;
  double end_seconds = 0.0;
};

/// Where each of `letters` letters is spoken on a path (chain_path.h) of `chain`. Two letters meet between
/// the frames where the one ends and the other begins, at the place where their similarities, taken as
/// straight lines between the two centres, are equal. A letter that the path passes by has no length and
/// stands where its neighbours meet.
std::vector<TimeSpan> letter_times(const Similarity& similarity, std::span<const ChainState> chain,
                                   std::span<const int64_t> path, const FrameTimes& frame_times);

/// From the start of its first letter to the end of its last.
std::vector<TimeSpan> word_times(std::span<const TimeSpan> letters, std::span<const TokenWord> words);

}  // namespace wav2vec
