#include "wav2vec/check/uncovered_speech.h"

#include <algorithm>

namespace wav2vec {
namespace {

struct Frames {
  int64_t first = 0;
  int64_t end = 0;
};

Frames frames_of(const TimeSpan& span, double margin_seconds, const FrameTimes& frame_times, int64_t count) {
  return {std::clamp<int64_t>(frame_times.frame_at(span.start_seconds - margin_seconds), 0, count),
          std::clamp<int64_t>(frame_times.frame_at(span.end_seconds + margin_seconds), 0, count)};
}

bool is_speech(float pause_score) { return pause_score < kPauseNats; }

}  // namespace

std::vector<TimeSpan> uncovered_speech(std::span<const float> pauses, const FrameTimes& frame_times,
                                       std::span<const TimeSpan> cues,
                                       const UncoveredSpeechOptions& options) {
  const auto count = std::ssize(pauses);
  std::vector<bool> covered(pauses.size(), false);
  for (const TimeSpan& cue : cues) {
    const Frames frames = frames_of(cue, options.margin_seconds, frame_times, count);
    for (int64_t t = frames.first; t < frames.end; ++t) covered[static_cast<size_t>(t)] = true;
  }
  std::vector<TimeSpan> stretches;
  int64_t first = -1;
  int64_t last = -1;  // frame of speech
  int64_t speech = 0;
  const auto seconds = [&](int64_t frames) { return static_cast<double>(frames) * frame_times.hop_seconds; };
  const auto finish = [&] {
    if (first >= 0 && seconds(speech) >= options.least_seconds) {
      const double half = 0.5 * frame_times.hop_seconds;
      stretches.push_back({frame_times.center(first) - half, frame_times.center(last) + half});
    }
    first = -1;
    speech = 0;
  };
  for (int64_t t = 0; t < count; ++t) {
    const auto i = static_cast<size_t>(t);
    if (covered[i] || (first >= 0 && seconds(t - last) > options.pause_seconds)) finish();
    if (covered[i] || !is_speech(pauses[i])) continue;
    if (first < 0) first = t;
    last = t;
    ++speech;
  }
  finish();
  return stretches;
}

double speech_share(std::span<const float> pauses, const FrameTimes& frame_times, const TimeSpan& span) {
  const Frames frames = frames_of(span, 0.0, frame_times, std::ssize(pauses));
  if (frames.first >= frames.end) return 1.0;
  const auto part =
      pauses.subspan(static_cast<size_t>(frames.first), static_cast<size_t>(frames.end - frames.first));
  return static_cast<double>(std::ranges::count_if(part, is_speech)) / static_cast<double>(part.size());
}

}  // namespace wav2vec
