#include "wav2vec/head/ctc_fit.h"

#include <algorithm>
#include <cmath>

#include "wav2vec/align/chain_path.h"
#include "wav2vec/text/token_set.h"

namespace wav2vec {
namespace {

/// CTC's chain: a blank may stand between any two letters and must between equal ones.
struct CtcChain {
  std::vector<int> tokens{kBlankToken};
  std::vector<ChainState> states{{.letter = 0, .optional = true, .lasting = true}};
  std::vector<TokenWord> words;

  explicit CtcChain(std::span<const int> letters) {
    for (size_t i = 0; i < letters.size(); ++i) {
      if (letters[i] != kGapToken) {
        if (words.empty() || letters[i - 1] == kGapToken) words.push_back({std::ssize(tokens), 0});
        words.back().end = std::ssize(tokens) + 1;
      }
      states.push_back({.letter = std::ssize(tokens)});
      tokens.push_back(letters[i]);
      const bool doubled = i + 1 < letters.size() && letters[i + 1] == letters[i];
      states.push_back({.letter = std::ssize(tokens), .optional = !doubled, .lasting = true});
      tokens.push_back(kBlankToken);
    }
  }
};

struct CtcFit {
  CtcChain chain;
  std::vector<float> posteriors;
  std::vector<float> meant;
  std::vector<int64_t> path;
  int64_t frames = 0;
  int64_t classes = 0;

  Similarity similarity() const {
    return {posteriors.data(), meant.data(), frames, std::ssize(chain.tokens), classes};
  }
};

CtcFit fit(std::span<const int> letters, const CtcPosteriors& heard) {
  CtcFit out{.chain = CtcChain(letters), .posteriors = {}, .meant = {}, .path = {}};
  out.frames = heard.frames;
  out.classes = heard.tokens;
  const std::span log_p(heard.log_p, static_cast<size_t>(heard.frames * heard.tokens));
  out.posteriors.resize(log_p.size());
  std::ranges::transform(log_p, out.posteriors.begin(), [](float value) { return std::exp(value); });
  const auto classes = static_cast<size_t>(heard.tokens);
  out.meant.resize(out.chain.tokens.size() * classes, 0.0F);
  for (size_t i = 0; i < out.chain.tokens.size(); ++i)
    out.meant[i * classes + static_cast<size_t>(out.chain.tokens[i])] = 1.0F;
  out.path = best_chain_path(out.similarity(), out.chain.states);
  return out;
}

}  // namespace

std::vector<TimeSpan> ctc_word_times(std::span<const int> letters, const CtcPosteriors& posteriors,
                                     const FrameTimes& frame_times) {
  const CtcFit found = fit(letters, posteriors);
  if (found.path.empty()) return {};
  return word_times(letter_times(found.similarity(), found.chain.states, found.path, frame_times),
                    found.chain.words);
}

std::optional<double> ctc_mean_log_probability(std::span<const int> letters,
                                               const CtcPosteriors& posteriors) {
  if (letters.empty() || posteriors.frames <= 0) return std::nullopt;
  const CtcFit found = fit(letters, posteriors);
  if (found.path.empty()) return std::nullopt;
  double sum = 0.0;
  for (size_t t = 0; t < found.path.size(); ++t) {
    const int64_t state = found.chain.states[static_cast<size_t>(found.path[t])].letter;
    const int token = found.chain.tokens[static_cast<size_t>(state)];
    sum += posteriors.log_p[static_cast<int64_t>(t) * posteriors.tokens + token];
  }
  return sum / static_cast<double>(found.path.size());
}

}  // namespace wav2vec
