#include "wav2vec/extract/cmvn_statistics.h"

#include <fmt/format.h>

#include <cmath>

#include "extract/finite.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"
#include "wav2vec/io/feature_summary.h"
#include "wav2vec/io/npy.h"

namespace wav2vec {
namespace {

constexpr int64_t kMostChannels = 1 << 24;

CmvnStatistics statistics_of(const FeatureRows& rows) {
  const auto channels = static_cast<size_t>(rows.channels);
  CmvnStatistics sums{static_cast<double>(rows.frames), std::vector<double>(channels),
                      std::vector<double>(channels)};
  for_each_piece(rows, [&](int64_t first, std::span<const float> piece) {
    check_finite(piece, first, rows.channels);
    for (size_t i = 0; i < piece.size(); i += channels) {
      for (size_t c = 0; c < channels; ++c) {
        const double x = piece[i + c];
        sums.sums[c] += x;
        sums.squares[c] += x * x;
      }
    }
  });
  return sums;
}

// What a file says; the squares may be below (Σx)²/n by what rounding explains.
bool is_possible(const CmvnStatistics& s) {
  if (!(s.frames >= 1.0 && std::isfinite(s.frames))) return false;
  for (size_t c = 0; c < s.sums.size(); ++c) {
    const double least = s.sums[c] * s.sums[c] / s.frames;
    if (!(std::isfinite(least) && std::isfinite(s.squares[c]) && s.squares[c] >= least * (1.0 - 1e-6)))
      return false;
  }
  return true;
}

}  // namespace

void CmvnStatistics::add(const FeatureRows& rows) { add(statistics_of(rows)); }

void CmvnStatistics::add(const CmvnStatistics& other) {
  if (sums.empty()) {
    *this = other;
    return;
  }
  if (other.channels() != channels())
    throw DataError(
        fmt::format("{} channels, but the statistics so far are of {}; gather them from features of one kind",
                    other.channels(), channels()));
  frames += other.frames;
  for (size_t c = 0; c < sums.size(); ++c) {
    sums[c] += other.sums[c];
    squares[c] += other.squares[c];
  }
}

void write_cmvn_statistics(const std::filesystem::path& path, const CmvnStatistics& statistics) {
  std::vector<double> matrix = statistics.sums;
  matrix.push_back(statistics.frames);
  matrix.insert(matrix.end(), statistics.squares.begin(), statistics.squares.end());
  matrix.push_back(0.0);
  const int64_t shape[] = {2, statistics.channels() + 1};
  AtomicFile file(path);
  file.write(npy_header("<f8", shape));
  file.write(matrix.data(), matrix.size() * sizeof(double));
  file.commit();
}

CmvnStatistics read_cmvn_statistics(const std::filesystem::path& path, int64_t channels) {
  const auto fail = [&](const std::string& found) {
    throw FormatError(
        fmt::format("{}: {}, expected CMVN statistics: float64 [2, channels + 1]; gather them again",
                    printable(path.string()), found));
  };
  const ArraySummary found = summarize_npy(path);  // before memory is taken for it
  if (found.dtype != "<f8" || found.shape.size() != 2 || found.shape[0] != 2 || found.shape[1] < 2)
    fail(fmt::format("{} [{}]", found.dtype, fmt::join(found.shape, ", ")));
  if (const int64_t width = found.shape[1] - 1; width > kMostChannels || (channels > 0 && width != channels))
    fail(fmt::format("statistics of {} channels, the features have {}", width,
                     channels > 0 ? fmt::to_string(channels) : fmt::format("{} at most", kMostChannels)));
  const NpyArray array = read_npy(path);
  const std::vector<double> matrix = array.doubles();
  const auto columns = static_cast<std::ptrdiff_t>(array.shape[1]);
  CmvnStatistics statistics;
  statistics.sums.assign(matrix.begin(), matrix.begin() + columns - 1);
  statistics.frames = matrix[static_cast<size_t>(columns - 1)];
  statistics.squares.assign(matrix.begin() + columns, matrix.end() - 1);
  if (!is_possible(statistics))
    fail(fmt::format("sums over {} frames that no frames have", statistics.frames));
  return statistics;
}

}  // namespace wav2vec
