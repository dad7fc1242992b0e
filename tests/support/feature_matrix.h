#pragma once
// Features for tests of what is done to them.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "support/audio_files.h"
#include "wav2vec/io/feature_rows.h"

namespace wav2vec::test {

/// A matrix in memory and the rows that read it.
struct FeatureMatrix {
  int64_t frames = 0;
  int64_t channels = 0;
  std::vector<float> values;

  double at(int64_t t, int64_t c) const { return values[static_cast<size_t>(t * channels + c)]; }
  /// The first or last frame beyond an end.
  double at_edge(int64_t t, int64_t c) const { return at(std::clamp<int64_t>(t, 0, frames - 1), c); }
  FeatureRows rows() const { return rows_in_memory(values.data(), frames, channels); }
};

/// Noise around a mean of its own in each channel.
inline FeatureMatrix noise_features(int64_t frames, int64_t channels, uint64_t seed) {
  FeatureMatrix m{frames, channels, noise(frames * channels, seed, 2.0F)};
  for (int64_t i = 0; i < frames * channels; ++i)
    m.values[static_cast<size_t>(i)] += 5.0F * static_cast<float>(i % channels) - 3.0F;
  return m;
}

/// All rows at once; checks that pieces of other sizes, and single rows from the end on, are the same to the
/// bit.
inline FeatureMatrix read_matrix(const FeatureRows& rows) {
  FeatureMatrix m{rows.frames, rows.channels,
                  std::vector<float>(static_cast<size_t>(rows.frames * rows.channels))};
  rows.read(0, rows.frames, m.values.data());
  for (const int64_t piece : {1, 7, 300}) {
    std::vector<float> again(m.values.size());
    const int64_t pieces = (rows.frames + piece - 1) / piece;
    for (int64_t i = pieces - 1; i >= 0; --i)
      rows.read(i * piece, std::min(piece, rows.frames - i * piece),
                again.data() + i * piece * rows.channels);
    CHECK(again == m.values);
  }
  return m;
}

}  // namespace wav2vec::test
