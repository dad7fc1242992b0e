#pragma once
// The utterances of a batch, each with its own text and wrong ones, for match_loss().

#include <cstdint>
#include <span>
#include <vector>

#include "wav2vec/head/spoken_text.h"

namespace wav2vec {

/// An utterance within a recording, and its texts: the right one first.
struct TextContest {
  int64_t item = 0;  ///< of the batch
  int64_t first_frame = 0;
  int64_t end_frame = 0;
  size_t first_text = 0;  ///< in TextContests::texts
  size_t text_count = 0;  ///< 2 at least
};

struct TextContests {
  std::vector<TextContest> contests;    ///< by item
  std::vector<std::vector<int>> texts;  ///< tokens, a gap at both ends
};

/// What the draws of a batch follow from.
struct BatchPlace {
  uint64_t seed = 0;
  uint64_t epoch = 0;
  uint64_t batch_in_epoch = 0;
};

/// Of every part of the recordings (SpokenText::parts) that has frames, with up to `negatives` wrong texts
/// (wrong_texts.h) out of all of them; parts for which there is none are left out. frames: of each item.
TextContests text_contests(std::span<const SpokenText> spoken, std::span<const int64_t> frames,
                           int64_t negatives, const BatchPlace& place);

}  // namespace wav2vec
