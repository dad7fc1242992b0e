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

std::vector<int> read_greedily(const TokenScores& scores) {
  const int gap = token_of(' ');
  std::vector<int> tokens;
  int last = -1;
  for (int64_t t = 0; t < scores.frames; ++t) {
    const float* row = scores.row(t);
    const auto token = static_cast<int>(std::max_element(row, row + scores.classes) - row);
    if (token != last && token != CharacterTokens::kBlank && !(token == gap && tokens.empty()))
      tokens.push_back(token);
    last = token;
  }
  if (!tokens.empty() && tokens.back() == gap) tokens.pop_back();
  return tokens;
}

}  // namespace wav2vec
