#include "wav2vec/head/letters_heard.h"

#include <algorithm>

#include "wav2vec/text/character_tokens.h"

namespace wav2vec {

HeardTokens read_greedily(const float* log_posteriors, int64_t frames, int64_t tokens) {
  const int gap = token_of(' ');
  HeardTokens heard;
  int last = -1;
  for (int64_t t = 0; t < frames; ++t) {
    const float* row = log_posteriors + t * tokens;
    const auto token = static_cast<int>(std::max_element(row, row + tokens) - row);
    const bool leading_gap = token == gap && heard.tokens.empty();
    if (token != last && token != CharacterTokens::kBlank && !leading_gap) {
      heard.tokens.push_back(token);
      heard.frames.push_back(t);
    }
    last = token;
  }
  if (!heard.tokens.empty() && heard.tokens.back() == gap) {
    heard.tokens.pop_back();
    heard.frames.pop_back();
  }
  return heard;
}

}  // namespace wav2vec
