#include "wav2vec/train/outlier_detector.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace wav2vec {

OutlierDetector::OutlierDetector(std::string name, const OutlierConfig& config, const OutlierMemory& memory)
    : name_(std::move(name)), config_(config), memory_(memory) {}

std::optional<std::string> OutlierDetector::check(double value) {
  const double x = config_.logarithmic ? std::log(value) : value;
  if (!std::isfinite(x)) return std::nullopt;
  auto& [seen, recent_mean, variance] = memory_;
  ++seen;
  if (seen == 1) recent_mean = x;

  const double deviation = std::max(std::sqrt(variance), config_.least_deviation);
  const double score = (x - recent_mean) / deviation;
  std::optional<std::string> message;
  if (seen > config_.settle && score > config_.deviations) {
    const double mean = config_.logarithmic ? std::exp(recent_mean) : recent_mean;
    message = fmt::format("{} {:.4g} is {:.1f} standard deviations above its recent mean {:.4g}", name_,
                          value, score, mean);
  }

  // Plain averages until the memory is full, then exponential ones.
  const double weight = 1.0 / std::min(static_cast<double>(seen), config_.memory);
  const double step = std::min(score, config_.deviations) * deviation;
  recent_mean += weight * step;
  variance = (1.0 - weight) * (variance + weight * step * step);
  return message;
}

}  // namespace wav2vec
