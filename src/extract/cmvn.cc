#include "wav2vec/extract/cmvn.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "extract/finite.h"
#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

constexpr double kVarianceFloor = 1e-20;         // apply-cmvn
constexpr double kSlidingVarianceFloor = 1e-10;  // apply-cmvn-sliding

/// A channel becomes (x - mean) · scale. Kaldi's x · scale + offset would lose the digits of a channel that
/// is constant.
struct Normaliser {
  std::vector<double> mean;
  std::vector<double> scale;

  void apply(const float* in, float* out) const {
    for (size_t c = 0; c < mean.size(); ++c) out[c] = static_cast<float>((in[c] - mean[c]) * scale[c]);
  }
};

Normaliser normaliser_from(const CmvnStatistics& s, bool norm_vars) {
  Normaliser n{std::vector<double>(s.sums.size()), std::vector<double>(s.sums.size(), 1.0)};
  for (size_t c = 0; c < s.sums.size(); ++c) {
    n.mean[c] = s.sums[c] / s.frames;
    const double variance = s.squares[c] / s.frames - n.mean[c] * n.mean[c];
    if (norm_vars) n.scale[c] = 1.0 / std::sqrt(std::max(variance, kVarianceFloor));
  }
  return n;
}

struct Window {
  int64_t start = 0;
  int64_t end = 0;
};

// Kaldi's SlidingWindowCmnInternal; contains t.
Window window_of(int64_t t, int64_t frames, const CmvnConfig& config) {
  Window w{t - config.cmn_window, t + 1};
  if (config.center) w = {t - config.cmn_window / 2, t - config.cmn_window / 2 + config.cmn_window};
  if (w.start < 0) w = {0, w.end - w.start};
  if (!config.center && w.end > t) w.end = std::max(t + 1, config.min_cmn_window);
  if (w.end > frames) w = {std::max<int64_t>(w.start - (w.end - frames), 0), frames};
  return w;
}

/// Sums over a window that moves forward.
class MovingSums {
 public:
  /// `rows`: those from frame `first_row` on.
  MovingSums(const float* rows, int64_t first_row, int64_t channels, const Window& window)
      : rows_(rows),
        first_row_(first_row),
        sums_(static_cast<size_t>(channels)),
        squares_(sums_.size()),
        window_(window) {
    for (int64_t t = window.start; t < window.end; ++t) add(t, 1.0);
  }

  void move_to(const Window& window) {
    for (; window_.end < window.end; ++window_.end) add(window_.end, 1.0);
    for (; window_.start < window.start; ++window_.start) add(window_.start, -1.0);
  }

  void normalise(int64_t t, bool norm_vars, float* out) const {
    const auto frames = static_cast<double>(window_.end - window_.start);
    const float* in = row(t);
    for (size_t c = 0; c < sums_.size(); ++c) {
      const double mean = sums_[c] / frames;
      const double variance = squares_[c] / frames - mean * mean;
      double x = in[c] - mean;
      if (norm_vars) x = frames < 2.0 ? 0.0 : x / std::sqrt(std::max(variance, kSlidingVarianceFloor));
      out[c] = static_cast<float>(x);
    }
  }

 private:
  const float* row(int64_t t) const { return rows_ + (t - first_row_) * std::ssize(sums_); }

  void add(int64_t t, double sign) {
    const float* x = row(t);
    for (size_t c = 0; c < sums_.size(); ++c) {
      sums_[c] += sign * x[c];
      squares_[c] += sign * x[c] * x[c];
    }
  }

  const float* rows_;
  int64_t first_row_;
  std::vector<double> sums_;
  std::vector<double> squares_;
  Window window_;
};

// Moving sums begin anew at every multiple of this many frames, wherever a reader begins: so their rounding
// is the same for everybody.
constexpr int64_t kSectionFrames = 256;

void read_section(const FeatureRows& rows, const CmvnConfig& config, int64_t first, int64_t end, float* out) {
  const int64_t section = first / kSectionFrames * kSectionFrames;
  const Window window = window_of(section, rows.frames, config);
  const int64_t last_needed = std::max(window_of(end - 1, rows.frames, config).end, end);
  std::vector<float> source(static_cast<size_t>((last_needed - window.start) * rows.channels));
  rows.read(window.start, last_needed - window.start, source.data());
  check_finite(source, window.start, rows.channels);
  MovingSums sums(source.data(), window.start, rows.channels, window);
  for (int64_t t = section; t < end; ++t) {
    sums.move_to(window_of(t, rows.frames, config));
    if (t >= first) sums.normalise(t, config.norm_vars, out + (t - first) * rows.channels);
  }
}

}  // namespace

FeatureRows apply_cmvn(FeatureRows rows, const CmvnStatistics& statistics, bool norm_vars) {
  if (statistics.channels() != rows.channels)
    throw DataError(
        fmt::format("{} channels, but the CMVN statistics are of {}; gather them from these features",
                    rows.channels, statistics.channels()));
  if (rows.frames == 0) return rows;
  if (!(statistics.frames >= 1.0)) throw DataError("CMVN statistics of no frame; gather them first");
  const auto read = [rows, normaliser = normaliser_from(statistics, norm_vars)](int64_t first, int64_t count,
                                                                                float* out) {
    rows.read(first, count, out);
    for (int64_t t = 0; t < count; ++t) normaliser.apply(out + t * rows.channels, out + t * rows.channels);
  };
  return {rows.frames, rows.channels, read};
}

FeatureRows apply_sliding_cmvn(FeatureRows rows, const CmvnConfig& config) {
  config.validate();
  const auto read = [rows, config](int64_t first, int64_t count, float* out) {
    const int64_t end = first + count;
    while (first < end) {
      const int64_t stop = std::min(end, (first / kSectionFrames + 1) * kSectionFrames);
      read_section(rows, config, first, stop, out);
      out += (stop - first) * rows.channels;
      first = stop;
    }
  };
  return {rows.frames, rows.channels, read};
}

}  // namespace wav2vec
