#include "wav2vec/head/text_contests.h"

#include <algorithm>

#include "wav2vec/head/wrong_texts.h"
#include "wav2vec/text/token_set.h"

namespace wav2vec {
namespace {

std::vector<int> between_gaps(std::span<const int32_t> letters) {
  std::vector<int> tokens{kGapToken};
  tokens.insert(tokens.end(), letters.begin(), letters.end());
  tokens.push_back(kGapToken);
  return tokens;
}

}  // namespace

TextContests text_contests(std::span<const SpokenText> spoken, std::span<const int64_t> frames,
                           int64_t negatives, const BatchPlace& place) {
  std::vector<std::vector<int32_t>> letters;
  for (const SpokenText& text : spoken) {
    for (const TextPart& part : text.parts) letters.push_back(part.letters);
  }
  TextContests result;
  size_t utterance = 0;
  for (size_t b = 0; b < spoken.size(); ++b) {
    for (const TextPart& part : spoken[b].parts) {
      const size_t right = utterance++;
      TextContest contest{.item = static_cast<int64_t>(b),
                          .first_frame = part.first_frame,
                          .end_frame = std::min(part.end_frame, frames[b]),
                          .first_text = result.texts.size()};
      if (contest.end_frame <= contest.first_frame) continue;
      const RandomStream random(place.seed, RandomUse::wrong_text,
                                {place.epoch, place.batch_in_epoch, static_cast<uint64_t>(right)});
      const std::vector<std::vector<int32_t>> wrong = wrong_texts(letters, right, negatives, Draws(random));
      if (wrong.empty()) continue;
      result.texts.push_back(between_gaps(part.letters));
      for (const std::vector<int32_t>& text : wrong) result.texts.push_back(between_gaps(text));
      contest.text_count = 1 + wrong.size();
      result.contests.push_back(contest);
    }
  }
  return result;
}

}  // namespace wav2vec
