#include "wav2vec/check/text_match.h"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>

namespace wav2vec {
namespace {

// What impostors have in speech that is clean and in speech that is not, by the shipped head; as much as this
// many of them.
constexpr double kUsualMean = -0.25;
constexpr double kUsualMeanPerLetter = -4.0;
constexpr double kUsualVariance = 0.18;
constexpr double kUsualVariancePerLetter = 1.2;
constexpr double kUsualCount = 8.0;
constexpr double kLeastVariance = 0.03;
// A line in 1 / n is not that of the shortest texts, which are many in some files; of so many letters they
// count half.
constexpr int64_t kFewestLetters = 5;
constexpr double kHalfWeightLetters = 10.0;
// The lift of texts that are spoken; it grows with their letters by this much of itself.
constexpr double kLiftLettersLost = 3.0;
constexpr double kLeastLiftShare = 0.1;
constexpr double kUsualLift = 1.1;
constexpr double kLiftDeviation = 0.5;
constexpr double kLeastLift = 0.3;
constexpr double kLiftStep = 0.1;
constexpr int kLifts = 24;
constexpr int kShares = 40;
// No single text is surer than this: there are texts that resemble what is spoken, and speech that does not
// resemble its text.
constexpr double kMostLogRatio = 7.0;
// What a single text may say of the recording.
constexpr double kMostEvidence = 14.0;
constexpr double kOtherShare = 0.3;
constexpr double kOwnShare = 0.5;

double inverse(int64_t letters) { return 1.0 / static_cast<double>(std::max<int64_t>(letters, 1)); }

/// Least squares of y on (1, 1/n), drawn towards the usual values, which count as kUsualCount observations at
/// two lengths each.
Eigen::Vector2d line_through(std::span<const MatchScore> scores, std::span<const double> y, double usual,
                             double usual_per_letter) {
  Eigen::Matrix2d a = Eigen::Matrix2d::Zero();
  Eigen::Vector2d b = Eigen::Vector2d::Zero();
  const auto add = [&](double x, double value, double weight) {
    const Eigen::Vector2d row(1.0, x);
    a += weight * row * row.transpose();
    b += weight * value * row;
  };
  for (const double x : {1.0 / 10.0, 1.0 / 50.0}) add(x, usual + usual_per_letter * x, 0.5 * kUsualCount);
  for (size_t i = 0; i < scores.size(); ++i) {
    if (scores[i].letters < kFewestLetters) continue;
    const auto letters = static_cast<double>(scores[i].letters);
    add(inverse(scores[i].letters), y[i], letters / (letters + kHalfWeightLetters));
  }
  return a.ldlt().solve(b);
}

/// ln of the density of a match over that of chance.
double log_ratio(const MatchScore& score, const ChanceScores& chance, double whole_lift) {
  const double lift = whole_lift * std::max(1.0 - kLiftLettersLost * inverse(score.letters), kLeastLiftShare);
  const double x = score.similarity - chance.mean_of(score.letters);
  return std::clamp(lift * (x - 0.5 * lift) / chance.variance_of(score.letters), -kMostEvidence,
                    kMostEvidence);
}

double posterior(double ratio, double share) {
  const double bounded = std::clamp(ratio, std::exp(-kMostLogRatio), std::exp(kMostLogRatio));
  return share * bounded / (share * bounded + 1.0 - share);
}

}  // namespace

double ChanceScores::mean_of(int64_t letters) const { return mean + mean_per_letter * inverse(letters); }

double ChanceScores::variance_of(int64_t letters) const {
  return std::max(variance + variance_per_letter * inverse(letters), kLeastVariance);
}

ChanceScores fit_chance(std::span<const MatchScore> impostors) {
  std::vector<double> y;
  for (const MatchScore& score : impostors) y.push_back(score.similarity);
  const Eigen::Vector2d mean = line_through(impostors, y, kUsualMean, kUsualMeanPerLetter);
  ChanceScores chance{.mean = mean[0], .mean_per_letter = mean[1]};
  for (size_t i = 0; i < y.size(); ++i) {
    const double deviation = y[i] - chance.mean_of(impostors[i].letters);
    y[i] = deviation * deviation;
  }
  const Eigen::Vector2d variance = line_through(impostors, y, kUsualVariance, kUsualVariancePerLetter);
  chance.variance = variance[0];
  chance.variance_per_letter = variance[1];
  return chance;
}

TextMatch match_texts(std::span<const MatchScore> scores, const ChanceScores& chance) {
  TextMatch result;
  result.probabilities.assign(scores.size(), 0.0);
  // [lifts, texts]
  std::vector<double> ratios;
  for (int l = 0; l < kLifts; ++l) {
    for (const MatchScore& score : scores) {
      const double lift = kLeastLift + kLiftStep * l;
      ratios.push_back(score.letters == 0 ? 1.0 : std::exp(log_ratio(score, chance, lift)));
    }
  }
  const auto share_at = [](int s) { return (s + 0.5) / kShares; };
  std::vector<double> weights;  // [lifts, shares], ln
  for (int l = 0; l < kLifts; ++l) {
    const double off = (kLeastLift + kLiftStep * l - kUsualLift) / kLiftDeviation;
    for (int s = 0; s < kShares; ++s) {
      const double share = share_at(s);
      // Files are nearly right or another's: Jeffreys' prior is high at both ends.
      double sum = -0.5 * off * off - 0.5 * std::log(share * (1.0 - share));
      for (size_t i = 0; i < scores.size(); ++i)
        sum += std::log(share * ratios[static_cast<size_t>(l) * scores.size() + i] + 1.0 - share);
      weights.push_back(sum);
    }
  }
  const double top = *std::ranges::max_element(weights);
  double total = 0.0;
  for (double& weight : weights) total += weight = std::exp(weight - top);
  for (int l = 0; l < kLifts; ++l) {
    for (int s = 0; s < kShares; ++s) {
      const double weight = weights[static_cast<size_t>(l * kShares + s)] / total;
      const double share = share_at(s);
      result.share += weight * share;
      if (share < kOtherShare) result.probably_other += weight;
      if (share >= kOwnShare) result.probably_own += weight;
      for (size_t i = 0; i < scores.size(); ++i)
        result.probabilities[i] +=
            weight * posterior(ratios[static_cast<size_t>(l) * scores.size() + i], share);
    }
  }
  return result;
}

}  // namespace wav2vec
