#pragma once
// What an alignment head learns of a transcript: its tokens as a chain, and within which frames each may be
// spoken.

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "wav2vec/align/token_chain.h"
#include "wav2vec/align/word_times.h"
#include "wav2vec/data/ctm.h"

namespace wav2vec {

/// Letters of a text that are spoken in frames [first_frame, end_frame).
struct TextPart {
  int64_t first_frame = 0;
  int64_t end_frame = std::numeric_limits<int64_t>::max();
  std::vector<int32_t> letters;
};

struct SpokenText {
  std::vector<int> tokens;  ///< of the reading, with a gap at both ends
  std::vector<ChainState> chain;
  std::vector<TokenWord> words;
  std::vector<TextPart> parts;     ///< the utterances of a recording: one, unless it was joined of several
  std::vector<TimedLabel> times;   ///< of every word; empty where they are not known
  std::vector<TimedLabel> phones;  ///< likewise of phones and silence

  /// The tokens without the gaps at the ends.
  std::span<const int> letters() const { return std::span(tokens).subspan(1, tokens.size() - 2); }
  bool empty() const { return tokens.size() <= 2; }
  bool has_times() const { return !times.empty(); }
};

/// Of tokens (text/token_set.h) without gaps at the ends; without times.
SpokenText spoken_text(std::span<const int> tokens);

/// The labels of words among those of an utterance: without what stands in angle or square brackets, "SIL"
/// and the like.
std::vector<TimedLabel> word_labels(std::span<const TimedLabel> labels);

/// Lets every character of a word last only within the word's time, widened on both sides, and every gap only
/// between the words beside it. `times` belong to text.words, one each.
void set_times(SpokenText& text, std::vector<TimedLabel> times, const FrameTimes& frame_times,
               double tolerance_seconds);

}  // namespace wav2vec
