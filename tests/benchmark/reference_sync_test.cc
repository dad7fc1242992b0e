// Synchronisers against tracks whose shift, ratio and splits are known.

#include "wav2vec/benchmark/reference_sync.h"

#include <doctest/doctest.h>

#include <cmath>

#include "wav2vec/core/draws.h"

using namespace wav2vec;

namespace {

constexpr double kFrame = 0.01;

std::vector<TimeSpan> speech(int count, uint64_t seed = 1) {
  Draws draws(RandomStream(seed, RandomUse::crop, {}));
  std::vector<TimeSpan> spans;
  double at = 70.0;
  for (int i = 0; i < count; ++i) {
    const double end = at + draws.between(0.8, 4.0);
    spans.push_back({at, end});
    at = end + draws.between(0.5, 5.0);
  }
  return spans;
}

SpeechTrack track_of(std::span<const TimeSpan> spans) {
  SpeechTrack track{.frame_seconds = kFrame, .speech = {}};
  track.speech.resize(static_cast<size_t>((spans.back().end_seconds + 70.0) / kFrame));
  for (const TimeSpan& span : spans) {
    for (auto t = std::llround(span.start_seconds / kFrame); t < std::llround(span.end_seconds / kFrame); ++t)
      track.speech[static_cast<size_t>(t)] = 1;
  }
  return track;
}

std::vector<TimeSpan> shown(std::span<const TimeSpan> spans, double slope, double shift) {
  std::vector<TimeSpan> cues;
  for (const TimeSpan& span : spans)
    cues.push_back({slope * span.start_seconds + shift, slope * span.end_seconds + shift});
  return cues;
}

/// The largest distance between where cues are put and where they are spoken.
double worst(const ReferenceSync& sync, std::span<const TimeSpan> cues, std::span<const TimeSpan> spans) {
  double worst = 0.0;
  for (size_t i = 0; i < cues.size(); ++i) {
    const double start = sync.slope * cues[i].start_seconds + sync.offsets_seconds[i];
    worst = std::max(worst, std::abs(start - spans[i].start_seconds));
  }
  return worst;
}

}  // namespace

TEST_CASE("reference synchronisers: what is right stays, a shift is found to the frame") {
  const std::vector<TimeSpan> spans = speech(60);
  const SpeechTrack track = track_of(spans);
  for (const double shift : {0.0, -12.34, 0.5, 55.0}) {
    CAPTURE(shift);
    const std::vector<TimeSpan> cues = shown(spans, 1.0, shift);
    for (const ReferenceSync& sync : {correlation_sync(track, cues), split_sync(track, cues)}) {
      CHECK(sync.slope == 1.0);
      CHECK(worst(sync, cues, spans) <= 2.0 * kFrame);
    }
  }
}

TEST_CASE("reference synchronisers: a ratio of frame rates is told from the others") {
  const std::vector<TimeSpan> spans = speech(60);
  const SpeechTrack track = track_of(spans);
  const std::vector<TimeSpan> cues = shown(spans, 23.976 / 25.0, 3.0);
  const ReferenceSync sync = correlation_sync(track, cues);
  CHECK(sync.slope == 25.0 / 23.976);
  CHECK(worst(sync, cues, spans) <= 2.0 * kFrame);
  CHECK(split_sync(track, cues).slope == 25.0 / 23.976);
}

TEST_CASE("reference synchronisers: only the one that may split follows a cut") {
  const std::vector<TimeSpan> spans = speech(60);
  const SpeechTrack track = track_of(spans);
  std::vector<TimeSpan> cues = shown(spans, 1.0, 0.0);
  for (size_t i = 30; i < cues.size(); ++i) {
    cues[i].start_seconds += 20.0;
    cues[i].end_seconds += 20.0;
  }
  const ReferenceSync split = split_sync(track, cues);
  CHECK(worst(split, cues, spans) <= 2.0 * kFrame);
  CHECK(split.offsets_seconds[29] == doctest::Approx(0.0));
  CHECK(split.offsets_seconds[30] == doctest::Approx(-20.0));
  CHECK(worst(correlation_sync(track, cues), cues, spans) > 10.0);
  // Where splits cost more than all cues can win, none is made.
  const ReferenceSync whole = split_sync(track, cues, {.split_cues = 100.0});
  CHECK(whole.offsets_seconds.front() == whole.offsets_seconds.back());
}

TEST_CASE("reference synchronisers: offsets stay within the search, and nothing moves without anything") {
  const std::vector<TimeSpan> spans = speech(60);
  const SpeechTrack track = track_of(spans);
  const std::vector<TimeSpan> cues = shown(spans, 1.0, 30.0);
  for (const ReferenceSync& sync : {correlation_sync(track, cues, {.search_seconds = 10.0}),
                                    split_sync(track, cues, {.search_seconds = 10.0})}) {
    for (const double offset : sync.offsets_seconds) CHECK(std::abs(offset) <= 10.0);
  }
  const SpeechTrack silence{.frame_seconds = kFrame, .speech = {}};
  CHECK(correlation_sync(silence, cues).offsets_seconds == std::vector<double>(cues.size(), 0.0));
  CHECK(split_sync(silence, cues).offsets_seconds == std::vector<double>(cues.size(), 0.0));
  CHECK(split_sync(track, {}).offsets_seconds.empty());
}
