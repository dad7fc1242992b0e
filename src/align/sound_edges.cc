#include "wav2vec/align/sound_edges.h"

#include <algorithm>
#include <cmath>

#include "align/outward.h"

namespace wav2vec {
namespace {

constexpr double kFloorShare = 0.1;

double ratio_of(double db) { return std::pow(10.0, db / 10.0); }

}  // namespace

std::optional<TimeSpan> sound_edges(const TimeSpan& line, double earliest_seconds, double latest_seconds,
                                    std::span<const float> powers, double frame_seconds,
                                    const SoundEdgeOptions& options) {
  const auto count = std::ssize(powers);
  const auto frame_at = [&](double seconds) {
    return std::clamp<int64_t>(std::llround(seconds / frame_seconds), 0, count);
  };
  const auto frames = [&](double seconds) -> int64_t { return std::llround(seconds / frame_seconds); };
  const int64_t begin = frame_at(line.start_seconds);
  const int64_t end = frame_at(line.end_seconds);
  if (begin >= end) return std::nullopt;
  const auto part = [&](int64_t first, int64_t last) {
    first = std::clamp<int64_t>(first, 0, count);
    return powers.subspan(static_cast<size_t>(first),
                          static_cast<size_t>(std::clamp(last, first, count) - first));
  };
  const std::span<const float> around =
      part(begin - frames(options.floor_reach_seconds), end + frames(options.floor_reach_seconds));
  std::vector<float> sorted(around.begin(), around.end());
  const auto tenth =
      sorted.begin() + static_cast<std::ptrdiff_t>(kFloorShare * static_cast<double>(sorted.size()));
  std::ranges::nth_element(sorted, tenth);
  const double loudest = *std::ranges::max_element(part(begin, end));
  const double least = loudest / ratio_of(options.loud_db);
  if (loudest == 0.0 || *tenth * ratio_of(options.floor_db) > least) return std::nullopt;
  const auto is_loud = [&](int64_t t) { return powers[static_cast<size_t>(t)] >= least; };
  const int64_t bridge = frames(options.bridge_seconds);

  const int64_t first = std::max(frame_at(earliest_seconds), begin - frames(options.most_seconds_before));
  int64_t start = begin;
  while (start < end && !is_loud(start)) ++start;  // the letters may begin in silence
  if (start == end) return std::nullopt;
  if (start == begin) start = outward(begin - 1, first - 1, -1, bridge, is_loud) + 1;
  const int64_t last = std::min(frame_at(latest_seconds), end + frames(options.most_seconds_behind));
  int64_t stop = end;
  while (stop > start && !is_loud(stop - 1)) --stop;
  if (stop == end) stop = outward(end, last, 1, bridge, is_loud);
  return TimeSpan{start == begin ? line.start_seconds : static_cast<double>(start) * frame_seconds,
                  stop == end ? line.end_seconds : static_cast<double>(stop) * frame_seconds};
}

}  // namespace wav2vec
