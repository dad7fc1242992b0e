#pragma once
// The features of one utterance as their readers see them: a matrix that is read in pieces.

#include <cstdint>
#include <functional>
#include <span>

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

/// Reads the matrix from the first row to the last, at most 4,096 rows and 8 MiB (one row at least) at a
/// time: `visit` gets the number of the piece's first row and the piece [rows, channels].
void for_each_piece(const FeatureRows& rows,
                    const std::function<void(int64_t first, std::span<const float> piece)>& visit);

}  // namespace wav2vec
