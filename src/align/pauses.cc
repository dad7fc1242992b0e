#include "wav2vec/align/pauses.h"

#include <algorithm>
#include <cmath>

#include "align/outward.h"
#include "wav2vec/core/error.h"

namespace wav2vec {

namespace {

struct PauseFrames {
  std::span<const float> pauses;
  const FrameTimes& times;

  int64_t at(double seconds) const {
    return std::clamp<int64_t>(times.frame_at(seconds), 0, std::ssize(pauses));
  }
  int64_t count_of(double seconds) const { return std::llround(seconds / times.hop_seconds); }
  // Frame t lasts from half a hop before its centre to half a hop behind it.
  double edge(int64_t frame) const { return times.center(frame) - 0.5 * times.hop_seconds; }
  bool is_pause(int64_t frame, float least_nats) const {
    return pauses[static_cast<size_t>(frame)] >= least_nats;
  }
};

/// `span` without pauses at its ends that are not shorter than pause_seconds.
TimeSpan inward(const TimeSpan& span, std::span<const float> pauses, const FrameTimes& frame_times,
                double pause_seconds, float start_nats, float end_nats) {
  const PauseFrames frames{pauses, frame_times};
  const int64_t least = frames.count_of(pause_seconds);
  const int64_t begin = frames.at(span.start_seconds);
  const int64_t end = frames.at(span.end_seconds);
  int64_t start = begin;
  while (start < end && frames.is_pause(start, start_nats)) ++start;
  int64_t stop = end;
  while (stop > start && frames.is_pause(stop - 1, end_nats)) --stop;
  if (start >= stop) return span;
  return {start - begin < least ? span.start_seconds : frames.edge(start),
          end - stop < least ? span.end_seconds : frames.edge(stop)};
}

}  // namespace

std::vector<float> pause_scores(const Similarity& pause) {
  W2V_CHECK(pause.letters == 1, "the blank between words alone");
  std::vector<float> scores(static_cast<size_t>(pause.frames));
  pause.block(0, pause.frames, 0, 1, scores.data());
  return scores;
}

void note_silence(std::span<float> pauses, std::span<const float> powers) {
  constexpr float kLastBit = 1.0F / (32768.0F * 32768.0F);
  constexpr float kSure = 2.0F * kPauseNats;
  for (size_t t = 0; t < std::min(pauses.size(), powers.size()); ++t) {
    if (powers[t] < kLastBit) pauses[t] = std::max(pauses[t], kSure);
  }
}

bool is_pause_throughout(const TimeSpan& span, std::span<const float> pauses, const FrameTimes& frame_times) {
  const PauseFrames frames{pauses, frame_times};
  const int64_t begin = frames.at(span.start_seconds);
  const int64_t end = frames.at(span.end_seconds);
  for (int64_t t = begin; t < end; ++t) {
    if (!frames.is_pause(t, kPauseNats)) return false;
  }
  return begin < end;
}

void keep_out_of_pauses(std::span<TimeSpan> letters, std::span<const TokenWord> words,
                        std::span<const float> pauses, const FrameTimes& frame_times, double pause_seconds) {
  const std::vector<TimeSpan> spans = word_times(letters, words);
  for (size_t w = 0; w < words.size(); ++w) {
    const TimeSpan speech = inward(spans[w], pauses, frame_times, pause_seconds, kPauseNats, kPauseNats);
    for (int64_t i = words[w].begin; i < words[w].end; ++i) {
      TimeSpan& letter = letters[static_cast<size_t>(i)];
      letter.start_seconds = std::clamp(letter.start_seconds, speech.start_seconds, speech.end_seconds);
      letter.end_seconds = std::clamp(letter.end_seconds, speech.start_seconds, speech.end_seconds);
    }
  }
}

TimeSpan speech_edges(const TimeSpan& line, double earliest_seconds, double latest_seconds,
                      std::span<const float> pauses, const FrameTimes& frame_times,
                      const SpeechEdgeOptions& options) {
  const PauseFrames frames{pauses, frame_times};
  // Stops are silent as well: letters at an edge are moved past a pause only.
  TimeSpan edges = inward(line, pauses, frame_times, options.pause_seconds, options.start_pause_nats,
                          options.end_pause_nats);
  const int64_t bridge = frames.count_of(options.pause_seconds);
  const int64_t begin = frames.at(line.start_seconds);
  const int64_t end = frames.at(line.end_seconds);
  if (edges.start_seconds == line.start_seconds) {
    const int64_t first =
        std::max(frames.at(earliest_seconds), begin - frames.count_of(options.most_seconds_before));
    const int64_t start = outward(begin - 1, first - 1, -1, bridge - 1,
                                  [&](int64_t t) { return !frames.is_pause(t, options.start_pause_nats); });
    if (start + 1 != begin) edges.start_seconds = frames.edge(start + 1);
  }
  if (edges.end_seconds == line.end_seconds) {
    const int64_t last =
        std::min(frames.at(latest_seconds), end + frames.count_of(options.most_seconds_behind));
    const int64_t stop = outward(end, last, 1, bridge - 1,
                                 [&](int64_t t) { return !frames.is_pause(t, options.end_pause_nats); });
    if (stop != end) edges.end_seconds = frames.edge(stop);
  }
  return edges;
}

}  // namespace wav2vec
