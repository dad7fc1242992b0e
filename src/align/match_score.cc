#include "wav2vec/align/match_score.h"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>

#include "wav2vec/core/error.h"
#include "wav2vec/text/token_set.h"

namespace wav2vec {
namespace {

using Vector = Eigen::Vector4d;

constexpr double kRidge = 1e-3;
constexpr int kNewtonSteps = 30;

Vector features_of(const MatchScore& score) {
  const double length = std::log(static_cast<double>(std::max<int64_t>(score.letters, 1)));
  return {1.0, score.similarity, length, score.similarity * length};
}

double logistic(double x) { return 1.0 / (1.0 + std::exp(-x)); }

}  // namespace

std::vector<double> letter_similarities(const Similarity& similarity, std::span<const ChainState> chain,
                                        std::span<const int64_t> path) {
  std::vector<double> sums(static_cast<size_t>(similarity.letters), 0.0);
  std::vector<int64_t> frames(sums.size(), 0);
  for (int64_t t = 0; t < std::ssize(path); ++t) {
    const int64_t letter = chain[static_cast<size_t>(path[static_cast<size_t>(t)])].letter;
    if (letter == kAnySound) continue;
    sums[static_cast<size_t>(letter)] += similarity.at(t, letter);
    ++frames[static_cast<size_t>(letter)];
  }
  for (size_t i = 0; i < sums.size(); ++i) sums[i] /= static_cast<double>(std::max<int64_t>(frames[i], 1));
  return sums;
}

MatchScore match_score(std::span<const double> similarities, std::span<const int> tokens, int64_t begin,
                       int64_t end) {
  W2V_CHECK(similarities.size() == tokens.size() && begin <= end && end <= std::ssize(tokens),
            "tokens of this text");
  MatchScore score;
  for (int64_t i = begin; i < end; ++i) {
    if (tokens[static_cast<size_t>(i)] == kGapToken) continue;
    score.similarity += similarities[static_cast<size_t>(i)];
    ++score.letters;
  }
  if (score.letters > 0) score.similarity /= static_cast<double>(score.letters);
  return score;
}

double MatchCalibration::probability(const MatchScore& score) const {
  return logistic(Eigen::Map<const Vector>(weights.data()).dot(features_of(score)));
}

MatchCalibration fit_calibration(std::span<const LabelledScore> scores) {
  double positive = 0.0;
  double negative = 0.0;
  for (const LabelledScore& s : scores) (s.matches ? positive : negative) += s.weight;
  if (positive == 0.0 || negative == 0.0) return {};
  Vector w = Vector::Zero();
  for (int step = 0; step < kNewtonSteps; ++step) {
    Vector gradient = kRidge * w;
    Eigen::Matrix4d hessian = kRidge * Eigen::Matrix4d::Identity();
    for (const LabelledScore& s : scores) {
      const Vector x = features_of(s.score);
      const double weight = s.weight / (s.matches ? positive : negative);
      const double p = logistic(w.dot(x));
      gradient += weight * (p - (s.matches ? 1.0 : 0.0)) * x;
      hessian += weight * p * (1.0 - p) * x * x.transpose();
    }
    const Vector change = hessian.ldlt().solve(gradient);
    w -= change;
    if (change.norm() < 1e-9 * (1.0 + w.norm())) break;
  }
  MatchCalibration calibration;
  Eigen::Map<Vector>(calibration.weights.data()) = w;
  return calibration;
}

}  // namespace wav2vec
