#pragma once
// Whether features still say something: spread, dead channels and effective rank.

#include <cstdint>

#include "wav2vec/core/tensor.h"

namespace wav2vec {

struct FeatureStatistics {
  int64_t frames = 0;  ///< valid frames looked at
  int64_t channels = 0;
  double standard_deviation = 0;  ///< over frames, mean over channels
  int64_t dead_channels = 0;      ///< channels whose standard deviation is below the threshold
  /// exp(entropy of the normalised eigenvalues of the channel covariance), Roy and Vetterli 2007: between 1
  /// (all channels move together) and `channels`; 0 when nothing moves.
  double effective_rank = 0;
};

/// Statistics over the valid frames of [batch, frames, channels]. The covariance is taken over at most
/// `max_rows` frames, evenly spread. Without two valid frames, or when a value is not finite, the deviation
/// and the rank are NaN. Costs O(max_rows · channels² + channels³): for validations, not for every update.
FeatureStatistics feature_statistics(const Activations& features, double dead_below = 1e-5,
                                     int64_t max_rows = 4096);

}  // namespace wav2vec
