#pragma once
// Sums over frames from which mean and variance per channel follow: of one utterance, a speaker or
// everything.

#include <cstdint>
#include <filesystem>
#include <vector>

#include "wav2vec/io/feature_rows.h"

namespace wav2vec {

/// Double sums in the order of the frames. Which utterance is added when shows in the last digits only; add
/// them in one order for equal numbers.
struct CmvnStatistics {
  double frames = 0.0;
  std::vector<double> sums;     ///< [channels]
  std::vector<double> squares;  ///< [channels], of the values, not of their distance from the mean

  int64_t channels() const { return static_cast<int64_t>(sums.size()); }

  /// All rows of one utterance, piece by piece. Throws DataError (without a file name) for NaN and infinity,
  /// and for another number of channels than before; nothing is added then.
  void add(const FeatureRows& rows);
  void add(const CmvnStatistics& other);
};

/// Kaldi's matrix of statistics [2, channels + 1] (compute-cmvn-stats): sums and the count, squares and 0; as
/// float64 npy. Throws DiskError.
void write_cmvn_statistics(const std::filesystem::path& path, const CmvnStatistics& statistics);

/// Throws DataError, FormatError naming the file: not such a matrix, not of `channels` (0: of any number), no
/// frames, values that no frames can have.
CmvnStatistics read_cmvn_statistics(const std::filesystem::path& path, int64_t channels = 0);

}  // namespace wav2vec
