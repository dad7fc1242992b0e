#include "wav2vec/head/token_scores.h"

#include <algorithm>

#include "wav2vec/nn/softmax.h"
#include "wav2vec/text/character_tokens.h"

namespace wav2vec {

std::vector<float> scaled_log_posteriors(const float* logits, int64_t frames, int64_t tokens,
                                         std::span<const float> log_priors) {
  const std::vector<double> log_p = log_softmax(logits, frames, tokens);
  std::vector<float> scores(log_p.size());
  for (size_t i = 0; i < scores.size(); ++i) {
    const double prior = log_priors.empty() ? 0.0 : log_priors[i % static_cast<size_t>(tokens)];
    scores[i] = static_cast<float>(log_p[i] - prior);
  }
  return scores;
}

HeardTokens read_greedily(const TokenScores& scores) {
  const int gap = token_of(' ');
  HeardTokens heard;
  int last = -1;
  for (int64_t t = 0; t < scores.frames; ++t) {
    const float* row = scores.row(t);
    const auto token = static_cast<int>(std::max_element(row, row + scores.classes) - row);
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
