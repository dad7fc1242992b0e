#include "wav2vec/head/token_scores.h"

#include <algorithm>
#include <cmath>

#include "wav2vec/text/character_tokens.h"

namespace wav2vec {

std::vector<float> scaled_log_posteriors(const float* logits, int64_t frames, int64_t tokens,
                                         std::span<const float> log_priors) {
  std::vector<float> scores(static_cast<size_t>(frames * tokens));
  for (int64_t t = 0; t < frames; ++t) {
    const float* in = logits + t * tokens;
    float* out = scores.data() + t * tokens;
    const double top = *std::max_element(in, in + tokens);
    double sum = 0.0;
    for (int64_t k = 0; k < tokens; ++k) sum += std::exp(in[k] - top);
    const double norm = top + std::log(sum);
    for (int64_t k = 0; k < tokens; ++k) {
      const double prior = log_priors.empty() ? 0.0 : log_priors[static_cast<size_t>(k)];
      out[k] = static_cast<float>(in[k] - norm - prior);
    }
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
