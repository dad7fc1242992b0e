#pragma once
// Single readings that jump far above their recent past: a bad batch, a step that was too long.

#include <cstdint>
#include <optional>
#include <string>

namespace wav2vec {

struct OutlierConfig {
  double deviations = 6.0;        ///< how many standard deviations above the mean is an outlier
  double least_deviation = 0.02;  ///< the standard deviation is never taken for smaller
  double memory = 100.0;          ///< readings that the moving mean looks back
  int64_t settle = 50;            ///< readings before the first judgement
  bool logarithmic = false;       ///< judge log(value): for quantities that live on a ratio scale
};

/// The recent past; in the training state, so that a resumed run judges as the one that was not interrupted.
struct OutlierMemory {
  int64_t seen = 0;
  double mean = 0.0;
  double variance = 0.0;
};

/// For loss in bits as it is, for the gradient norm with `logarithmic` and least_deviation 0.1.
class OutlierDetector {
 public:
  explicit OutlierDetector(std::string name, const OutlierConfig& config = {},
                           const OutlierMemory& memory = {});

  /// "gradient norm 93.1 is 12.4 standard deviations above its recent mean 1.21"; nothing for an ordinary or
  /// not finite reading. Outliers count into the mean only up to the threshold, so one does not hide the
  /// next.
  std::optional<std::string> check(double value);

  const OutlierMemory& memory() const { return memory_; }

 private:
  std::string name_;
  OutlierConfig config_;
  OutlierMemory memory_;
};

}  // namespace wav2vec
