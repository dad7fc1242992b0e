#include "wav2vec/align/pauses.h"

#include <algorithm>
#include <cmath>

#include "align/outward.h"
#include "wav2vec/core/error.h"

namespace wav2vec {

std::vector<float> pause_scores(const Similarity& pause) {
  W2V_CHECK(pause.letters == 1, "the blank between words alone");
  std::vector<float> scores(static_cast<size_t>(pause.frames));
  pause.block(0, pause.frames, 0, 1, scores.data());
  return scores;
}

TimeSpan speech_edges(const TimeSpan& line, double earliest_seconds, double latest_seconds,
                      std::span<const float> pauses, const FrameTimes& frame_times,
                      const SpeechEdgeOptions& options) {
  const auto count = std::ssize(pauses);
  // Frame t lasts from half a hop before its centre to half a hop behind it.
  const auto frame_at = [&](double seconds) {
    return std::clamp<int64_t>(frame_times.frame_at(seconds), 0, count);
  };
  const auto edge_of = [&](int64_t frame) {
    return frame_times.center(frame) - 0.5 * frame_times.hop_seconds;
  };
  const auto frames = [&](double seconds) -> int64_t {
    return std::llround(seconds / frame_times.hop_seconds);
  };
  const auto is_pause = [&](int64_t t) { return pauses[static_cast<size_t>(t)] >= kPauseNats; };
  const int64_t bridge = frames(options.pause_seconds);
  const int64_t begin = frame_at(line.start_seconds);
  const int64_t end = frame_at(line.end_seconds);

  // Stops are silent as well: letters at an edge are moved past a pause only.
  int64_t start = begin;
  while (start < end && is_pause(start)) ++start;
  if (start == end) return line;
  int64_t stop = end;
  while (is_pause(stop - 1)) --stop;  // frame `start` is none
  if (start - begin < bridge) start = begin;
  if (end - stop < bridge) stop = end;
  const int64_t first = std::max(frame_at(earliest_seconds), begin - frames(options.most_seconds_before));
  const auto is_speech = [&](int64_t t) { return !is_pause(t); };
  if (start == begin) start = outward(begin - 1, first - 1, -1, bridge - 1, is_speech) + 1;
  const int64_t last = std::min(frame_at(latest_seconds), end + frames(options.most_seconds_behind));
  if (stop == end) stop = outward(end, last, 1, bridge - 1, is_speech);
  return {start == begin ? line.start_seconds : edge_of(start),
          stop == end ? line.end_seconds : edge_of(stop)};
}

}  // namespace wav2vec
