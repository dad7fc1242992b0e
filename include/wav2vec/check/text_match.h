#pragma once
// How probable it is that each text of a file is spoken where it was looked for: scores of one recording are
// compared with what other texts get there by chance, for neither is the same in any other recording.

#include <cstdint>
#include <span>
#include <vector>

#include "wav2vec/align/match_score.h"

namespace wav2vec {

/// What texts that are not spoken get in this recording: a normal distribution whose mean and variance are
/// a + b / n for n letters.
struct ChanceScores {
  double mean = 0.0;
  double mean_per_letter = 0.0;
  double variance = 0.0;
  double variance_per_letter = 0.0;

  double mean_of(int64_t letters) const;
  double variance_of(int64_t letters) const;
};

/// From texts at places where others are spoken. With few of them it stays near what is usual.
ChanceScores fit_chance(std::span<const MatchScore> impostors);

struct TextMatch {
  std::vector<double> probabilities;  ///< of each text, in [0, 1]
  double share = 0.0;                 ///< of the texts that are spoken, its mean
  double probably_other = 0.0;        ///< P(share < 0.3): these are another recording's texts
  double probably_own = 0.0;          ///< P(share ≥ 0.5)
};

/// Texts that are spoken score higher by a lift, which is the recording's and is not known, and neither is
/// the share of them: P(match) is the mean over all lifts and shares, as probable as the scores of all texts
/// together make them. A score whose text has no letters gets the mean share.
TextMatch match_texts(std::span<const MatchScore> scores, const ChanceScores& chance);

}  // namespace wav2vec
