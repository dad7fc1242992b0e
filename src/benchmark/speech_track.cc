#include "wav2vec/benchmark/speech_track.h"

#include <algorithm>
#include <cmath>

#include "wav2vec/measure/quantile.h"

namespace wav2vec {
namespace {

constexpr int64_t kSmoothFrames = 2;  // on either side
// Silence of zeros is as quiet as that.
constexpr double kQuietestDb = 60.0;

}  // namespace

SpeechTrack speech_track(std::span<const float> powers, double frame_seconds) {
  SpeechTrack track{.frame_seconds = frame_seconds, .speech = {}};
  const int64_t frames = std::ssize(powers);
  std::vector<double> loudness;
  for (int64_t t = 0; t < frames; ++t) {
    const int64_t first = std::max<int64_t>(0, t - kSmoothFrames);
    const int64_t end = std::min(frames, t + kSmoothFrames + 1);
    double sum = 0.0;
    for (int64_t k = first; k < end; ++k) sum += powers[static_cast<size_t>(k)];
    loudness.push_back(10.0 * std::log10(sum / static_cast<double>(end - first) + 1e-12));
  }
  if (loudness.empty()) return track;
  std::vector<double> sorted = loudness;
  std::ranges::sort(sorted);
  const double loud = quantile(sorted, 0.9);
  const double quiet = std::max(quantile(sorted, 0.1), loud - kQuietestDb);
  for (const double db : loudness) track.speech.push_back(db > 0.5 * (loud + quiet) ? 1 : 0);
  return track;
}

std::vector<TimeSpan> speech_spans(const SpeechTrack& track, double least_gap_seconds, double least_seconds) {
  std::vector<TimeSpan> spans;
  for (size_t t = 0; t < track.speech.size(); ++t) {
    if (track.speech[t] == 0) continue;
    const double start = static_cast<double>(t) * track.frame_seconds;
    const double end = start + track.frame_seconds;
    if (spans.empty() || start - spans.back().end_seconds >= least_gap_seconds)
      spans.push_back({start, end});
    else
      spans.back().end_seconds = end;
  }
  std::erase_if(spans,
                [&](const TimeSpan& span) { return span.end_seconds - span.start_seconds < least_seconds; });
  return spans;
}

double loud_share(const SpeechTrack& track, const TimeSpan& span) {
  const auto frames = std::ssize(track.speech);
  const auto frame_at = [&](double seconds) {
    return std::clamp<int64_t>(std::llround(seconds / track.frame_seconds), 0, frames);
  };
  const int64_t first = frame_at(span.start_seconds);
  const int64_t end = frame_at(span.end_seconds);
  if (end <= first) return 0.0;
  return static_cast<double>(std::count(track.speech.begin() + first, track.speech.begin() + end, 1)) /
         static_cast<double>(end - first);
}

}  // namespace wav2vec
