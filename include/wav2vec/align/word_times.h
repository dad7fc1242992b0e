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

/// Where each token is spoken on a path (chain_path.h) of `chain`. Two tokens meet between the frames where
/// the one ends and the other begins, at the place where their scores, taken as straight lines between the
/// two centres, are equal. A gap of a single frame, which every path must have between two words, is shared
/// by both of them.
std::vector<TimeSpan> token_times(const TokenScores& scores, const TextChain& chain,
                                  std::span<const int64_t> path, const FrameTimes& frame_times);

/// From the start of its first token to the end of its last.
std::vector<TimeSpan> word_times(std::span<const TimeSpan> tokens, std::span<const TokenWord> words);

}  // namespace wav2vec
