#pragma once
// Which frames serve as negatives of which target frame.

#include <cstdint>
#include <span>
#include <vector>

#include "wav2vec/config/objective_config.h"
#include "wav2vec/nn/dropout.h"

namespace wav2vec {

/// One set of negatives per target frame, shared by all prediction steps. Entry (b, n, t) names a frame as
/// the row item·frames + t' of z; n counts the same-utterance negatives first, then the cross-sample ones.
struct NegativeTable {
  int64_t frames = 0;         ///< row capacity of an item, as in the Activations of z
  int64_t negatives = 0;      ///< per target frame
  std::vector<int32_t> rows;  ///< [batch, negatives, frames]

  int32_t row(int64_t b, int64_t n, int64_t t) const {
    return rows[static_cast<size_t>((b * negatives + n) * frames + t)];
  }
};

/// Draws for a batch of z whose items have `lengths` valid frames. An item of one frame, which has no other
/// frame to draw, gets its own.
NegativeTable sample_negatives(const ObjectiveConfig& config, int64_t frames,
                               std::span<const int64_t> lengths, const TrainingRandom& random);

/// fairseq's arithmetic from raw draws to rows, for equal lengths. raw: [batch, (negatives + cross)·frames];
/// its first negatives·frames columns are in [0, frames − 2], the others in [0, batch·frames − 2].
/// fairseq means to skip the positive but takes column / n for its position where consumption takes
/// column mod frames, so with probability ~1/frames a negative is its own positive.
NegativeTable fairseq_negatives(std::span<const int32_t> raw, int64_t batch, int64_t frames,
                                int64_t negatives, int64_t cross_sample_negatives);

}  // namespace wav2vec
