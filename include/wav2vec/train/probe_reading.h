#pragma once

#include <string>
#include <utility>
#include <vector>

namespace wav2vec {

/// What a probe says of a network in training.
struct ProbeReading {
  std::vector<std::pair<std::string, double>> values;  ///< for the metrics, "c_error_rate" …
  double error_rate = 0.0;                             ///< by which checkpoints are compared
};

}  // namespace wav2vec
