#pragma once
// Whether what was aligned is also spoken there: a score of its characters and the probability that it stands
// for.

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "wav2vec/align/chain_path.h"

namespace wav2vec {

/// How much worse the characters of a stretch of text fit than the best token of every frame.
struct MatchScore {
  double mean_deficit = 0.0;  ///< ≤ 0: mean over the characters of the mean over their frames
  int64_t characters = 0;     ///< letters; gaps and separators say nothing about a text
};

/// Of every token of the text: mean over its frames of its score less the best one. Gaps have 0.
std::vector<double> token_deficits(const TokenScores& scores, const TextChain& chain,
                                   std::span<const int64_t> path);

/// Of tokens [begin, end).
MatchScore match_score(std::span<const double> deficits, std::span<const int> tokens, int64_t begin,
                       int64_t end);

/// P(match) = 1 / (1 + exp(−w·(1, d, ln n, d·ln n))), with the deficit d of n characters: a mean over many of
/// them is surer than that of few.
struct MatchCalibration {
  std::array<double, 4> weights{};

  double probability(const MatchScore& score) const;
};

struct LabelledScore {
  MatchScore score;
  bool matches = false;
  double weight = 1.0;
};

/// Logistic regression with a small ridge, by Newton's method; both kinds weigh the same in sum. Zero weights
/// when one of them is missing.
MatchCalibration fit_calibration(std::span<const LabelledScore> scores);

}  // namespace wav2vec
