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

/// Frames [begin, end).
struct Frames {
  int64_t begin = 0;
  int64_t end = 0;
};

/// `all` without pauses at its ends that are not shorter than `least`; without frames where all of it is one.
Frames inward(const PauseFrames& pauses, const Frames& all, int64_t least, float start_nats, float end_nats) {
  Frames speech = all;
  while (speech.begin < speech.end && pauses.is_pause(speech.begin, start_nats)) ++speech.begin;
  while (speech.end > speech.begin && pauses.is_pause(speech.end - 1, end_nats)) --speech.end;
  if (speech.begin == speech.end) return speech;
  if (speech.begin - all.begin < least) speech.begin = all.begin;
  if (all.end - speech.end < least) speech.end = all.end;
  return speech;
}

/// `span`, whose frames were `before`: an edge that has not moved keeps its place within its frame.
TimeSpan moved(const TimeSpan& span, const Frames& before, const Frames& after, const PauseFrames& pauses) {
  return {after.begin == before.begin ? span.start_seconds : pauses.edge(after.begin),
          after.end == before.end ? span.end_seconds : pauses.edge(after.end)};
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
  const Frames all{frames.at(span.start_seconds), frames.at(span.end_seconds)};
  const Frames speech = inward(frames, all, 1, kPauseNats, kPauseNats);
  return all.begin < all.end && speech.begin == speech.end;
}

void keep_out_of_pauses(std::span<TimeSpan> letters, std::span<const TokenWord> words,
                        std::span<const float> pauses, const FrameTimes& frame_times, double pause_seconds) {
  const PauseFrames frames{pauses, frame_times};
  const std::vector<TimeSpan> spans = word_times(letters, words);
  for (size_t w = 0; w < words.size(); ++w) {
    const Frames all{frames.at(spans[w].start_seconds), frames.at(spans[w].end_seconds)};
    const Frames spoken = inward(frames, all, frames.count_of(pause_seconds), kPauseNats, kPauseNats);
    if (spoken.begin == spoken.end) continue;
    const TimeSpan speech = moved(spans[w], all, spoken, frames);
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
  const Frames all{frames.at(line.start_seconds), frames.at(line.end_seconds)};
  const int64_t bridge = frames.count_of(options.pause_seconds);
  // Stops are silent as well: letters at an edge are moved past a pause only.
  Frames speech = inward(frames, all, bridge, options.start_pause_nats, options.end_pause_nats);
  if (speech.begin == speech.end) return line;
  if (speech.begin == all.begin) {
    const int64_t first =
        std::max(frames.at(earliest_seconds), all.begin - frames.count_of(options.most_seconds_before));
    speech.begin = 1 + outward(all.begin - 1, first - 1, -1, bridge - 1,
                               [&](int64_t t) { return !frames.is_pause(t, options.start_pause_nats); });
  }
  if (speech.end == all.end) {
    const int64_t last =
        std::min(frames.at(latest_seconds), all.end + frames.count_of(options.most_seconds_behind));
    speech.end = outward(all.end, last, 1, bridge - 1,
                         [&](int64_t t) { return !frames.is_pause(t, options.end_pause_nats); });
  }
  return moved(line, all, speech, frames);
}

}  // namespace wav2vec
