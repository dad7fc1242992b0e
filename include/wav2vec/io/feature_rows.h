#pragma once
// The features of one utterance as their readers see them: a matrix that is read in pieces.

#include <cstdint>
#include <functional>

namespace wav2vec {

/// A matrix [frames, channels], in memory or in a scratch file: pieces may be read in any order and more than
/// once, so that hours of features pass through a few megabytes.
struct FeatureRows {
  int64_t frames = 0;
  int64_t channels = 0;
  /// Copies the rows [first, first + count) to `out`, row-major.
  std::function<void(int64_t first, int64_t count, float* out)> read;
};

/// `rows` [frames, channels] must outlive what is returned.
FeatureRows rows_in_memory(const float* rows, int64_t frames, int64_t channels);

}  // namespace wav2vec
