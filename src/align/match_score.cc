#include "wav2vec/align/match_score.h"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>

#include "wav2vec/core/error.h"
#include "wav2vec/text/character_tokens.h"

namespace wav2vec {
namespace {

using Vector = Eigen::Vector4d;

constexpr double kRidge = 1e-3;
constexpr int kNewtonSteps = 30;

Vector features_of(const MatchScore& score) {
  const double length = std::log(static_cast<double>(std::max<int64_t>(score.characters, 1)));
  return {1.0, score.mean_deficit, length, score.mean_deficit * length};
}

double logistic(double x) { return 1.0 / (1.0 + std::exp(-x)); }

}  // namespace

std::vector<double> token_deficits(const TokenScores& scores, const TextChain& chain,
                                   std::span<const int64_t> path) {
  const auto tokens =
      static_cast<size_t>(std::ranges::count_if(chain.positions, [](int64_t p) { return p >= 0; }));
  std::vector<double> sums(tokens, 0.0);
  std::vector<int64_t> frames(tokens, 0);
  const int gap = token_of(' ');
  for (int64_t t = 0; t < std::ssize(path); ++t) {
    const auto s = static_cast<size_t>(path[static_cast<size_t>(t)]);
    const int64_t position = chain.positions[s];
    const int32_t token = chain.states[s].token;
    if (position < 0 || token == gap) continue;
    sums[static_cast<size_t>(position)] += scores.row(t)[token] - scores.best(t);
    ++frames[static_cast<size_t>(position)];
  }
  for (size_t i = 0; i < tokens; ++i) sums[i] /= static_cast<double>(std::max<int64_t>(frames[i], 1));
  return sums;
}

MatchScore match_score(std::span<const double> deficits, std::span<const int> tokens, int64_t begin,
                       int64_t end) {
  W2V_CHECK(deficits.size() == tokens.size() && begin <= end && end <= std::ssize(tokens),
            "tokens of this text");
  MatchScore score;
  for (int64_t i = begin; i < end; ++i) {
    if (tokens[static_cast<size_t>(i)] == token_of(' ')) continue;
    score.mean_deficit += deficits[static_cast<size_t>(i)];
    ++score.characters;
  }
  if (score.characters > 0) score.mean_deficit /= static_cast<double>(score.characters);
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
