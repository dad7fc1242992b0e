#pragma once
// Sums of probabilities that are kept as logarithms.

#include <algorithm>
#include <cmath>
#include <limits>

namespace wav2vec {

/// ln 0.
inline constexpr double kLogZero = -std::numeric_limits<double>::infinity();

/// ln(exp a + exp b).
inline double log_add(double a, double b) {
  if (a == kLogZero) return b;
  if (b == kLogZero) return a;
  return std::max(a, b) + std::log1p(std::exp(-std::abs(a - b)));
}

}  // namespace wav2vec
