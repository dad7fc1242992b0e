#pragma once
// Whether what was aligned is also spoken there: a score of its characters and the probability that it stands
// for.

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "wav2vec/align/chain_path.h"

namespace wav2vec {

/// How well the letters of a stretch of text fit what is heard where they were aligned.
struct MatchScore {
  double similarity = 0.0;  ///< mean over the letters of the mean over their frames, in nats
  int64_t letters = 0;      ///< gaps say nothing about a text
};

/// Of every letter: the mean of its similarity over its frames; 0 for one that the path passes by.
std::vector<double> letter_similarities(const Similarity& similarity, std::span<const ChainState> chain,
                                        std::span<const int64_t> path);

/// Of letters [begin, end) of `tokens`.
MatchScore match_score(std::span<const double> similarities, std::span<const int> tokens, int64_t begin,
                       int64_t end);

/// P(match) = 1 / (1 + exp(−w·(1, s, ln n, s·ln n))), with the similarity s of n letters: a mean over many of
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
