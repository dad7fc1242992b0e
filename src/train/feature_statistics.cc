#include "wav2vec/train/feature_statistics.h"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Row = Eigen::Map<const Eigen::RowVectorXf>;

std::vector<const float*> valid_rows(const Activations& features) {
  std::vector<const float*> rows;
  rows.reserve(static_cast<size_t>(features.valid_frames()));
  for (int64_t b = 0; b < features.batch; ++b) {
    for (int64_t t = 0; t < features.lengths[static_cast<size_t>(b)]; ++t)
      rows.push_back(features.frame(b, t));
  }
  return rows;
}

/// Two passes: the deviation of a channel far from zero must not drown in its mean.
Eigen::RowVectorXd channel_deviations(const std::vector<const float*>& rows, int64_t channels) {
  Eigen::RowVectorXd mean = Eigen::RowVectorXd::Zero(channels);
  for (const float* row : rows) mean += Row(row, channels).cast<double>();
  mean /= static_cast<double>(rows.size());
  Eigen::RowVectorXd squares = Eigen::RowVectorXd::Zero(channels);
  for (const float* row : rows) squares += (Row(row, channels).cast<double>() - mean).cwiseAbs2();
  return (squares / static_cast<double>(rows.size())).cwiseSqrt();
}

RowMatrix centered_sample(const std::vector<const float*>& rows, int64_t channels, int64_t max_rows) {
  const auto available = static_cast<int64_t>(rows.size());
  const int64_t count = std::min(available, max_rows);
  RowMatrix sample(count, channels);
  for (int64_t i = 0; i < count; ++i)
    sample.row(i) = Row(rows[static_cast<size_t>(i * available / count)], channels).cast<double>();
  sample.rowwise() -= sample.colwise().mean().eval();
  return sample;
}

double exponential_entropy(const Eigen::VectorXd& eigenvalues) {
  const double sum = eigenvalues.cwiseMax(0.0).sum();
  if (!(sum > 0.0)) return 0.0;
  double entropy = 0.0;
  for (double value : eigenvalues) {
    const double share = value / sum;
    if (share > 0.0) entropy -= share * std::log(share);
  }
  return std::exp(entropy);
}

/// The covariance and the Gram matrix share their eigenvalues apart from zeros: the smaller one is solved.
double effective_rank(const RowMatrix& centered) {
  const bool few_rows = centered.rows() < centered.cols();
  Eigen::MatrixXd products = few_rows ? Eigen::MatrixXd(centered * centered.transpose())
                                      : Eigen::MatrixXd(centered.transpose() * centered);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(products, Eigen::EigenvaluesOnly);
  if (solver.info() != Eigen::Success) return std::numeric_limits<double>::quiet_NaN();
  return exponential_entropy(solver.eigenvalues());
}

}  // namespace

FeatureStatistics feature_statistics(const Activations& features, double dead_below, int64_t max_rows) {
  W2V_CHECK(max_rows >= 2, "a covariance needs two rows");
  const std::vector<const float*> rows = valid_rows(features);
  FeatureStatistics result;
  result.frames = static_cast<int64_t>(rows.size());
  result.channels = features.channels;
  result.standard_deviation = result.effective_rank = std::numeric_limits<double>::quiet_NaN();
  if (rows.size() < 2 || features.channels == 0) return result;

  const Eigen::RowVectorXd deviations = channel_deviations(rows, features.channels);
  if (!deviations.allFinite()) return result;
  result.standard_deviation = deviations.mean();
  result.dead_channels = (deviations.array() < dead_below).count();
  result.effective_rank = effective_rank(centered_sample(rows, features.channels, max_rows));
  return result;
}

}  // namespace wav2vec
