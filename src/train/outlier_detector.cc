#include "wav2vec/train/outlier_detector.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace wav2vec {

OutlierDetector::OutlierDetector(std::string name, const OutlierConfig& config)
    : name_(std::move(name)), config_(config) {}

std::optional<std::string> OutlierDetector::check(double value) {
  const double x = config_.logarithmic ? std::log(value) : value;
  if (!std::isfinite(x)) return std::nullopt;
  ++seen_;
  if (seen_ == 1) mean_ = x;

  const double deviation = std::max(std::sqrt(variance_), config_.least_deviation);
  const double score = (x - mean_) / deviation;
  std::optional<std::string> message;
  if (seen_ > config_.settle && score > config_.deviations) {
    const double mean = config_.logarithmic ? std::exp(mean_) : mean_;
    message = fmt::format("{} {:.4g} is {:.1f} standard deviations above its recent mean {:.4g}", name_,
                          value, score, mean);
  }

  // Plain averages until the memory is full, then exponential ones.
  const double weight = 1.0 / std::min(static_cast<double>(seen_), config_.memory);
  const double step = std::min(score, config_.deviations) * deviation;
  mean_ += weight * step;
  variance_ = (1.0 - weight) * (variance_ + weight * step * step);
  return message;
}

}  // namespace wav2vec
