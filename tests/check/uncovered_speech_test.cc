#include "wav2vec/check/uncovered_speech.h"

#include <doctest/doctest.h>

using namespace wav2vec;

namespace {

constexpr FrameTimes kTimes{.first_frame_center_seconds = 0.005, .hop_seconds = 0.01};

/// Twenty seconds; speech from 2 to 4, 8 to 9.5 with a stop, 15 to 15.4 s.
std::vector<float> pauses() {
  std::vector<float> scores(2000, 1.0F);
  const auto speak = [&](size_t from, size_t to) {
    for (size_t t = from; t < to; ++t) scores[t] = -3.0F;
  };
  speak(200, 400);
  speak(800, 860);
  speak(890, 950);
  speak(1500, 1540);
  return scores;
}

}  // namespace

TEST_CASE("uncovered speech: what no cue stands for, and nothing that is short") {
  const std::vector<float> scores = pauses();
  const auto stretches = [&](std::vector<TimeSpan> cues) { return uncovered_speech(scores, kTimes, cues); };
  REQUIRE(stretches({}).size() == 2);
  CHECK(stretches({})[0].start_seconds == doctest::Approx(2.0));
  CHECK(stretches({})[0].end_seconds == doctest::Approx(4.0));
  CHECK(stretches({})[1].end_seconds == doctest::Approx(9.5));
  REQUIRE(stretches({{1.8, 4.0}}).size() == 1);
  CHECK(stretches({{1.8, 4.0}})[0].start_seconds == doctest::Approx(8.0));
  // Cues in any order; less than a second beside one is its own.
  CHECK(stretches({{8.0, 9.0}, {2.3, 3.2}}).empty());
  // The second half of a long one.
  REQUIRE(stretches({{1.8, 2.4}, {8.0, 9.5}}).size() == 1);
  CHECK(stretches({{1.8, 2.4}, {8.0, 9.5}})[0].start_seconds == doctest::Approx(2.9));
  CHECK(uncovered_speech({}, kTimes, {}).empty());
}

TEST_CASE("speech share: of a cue's frames") {
  const std::vector<float> scores = pauses();
  CHECK(speech_share(scores, kTimes, {2.0, 4.0}) == doctest::Approx(1.0));
  CHECK(speech_share(scores, kTimes, {1.0, 3.0}) == doctest::Approx(0.5));
  CHECK(speech_share(scores, kTimes, {5.0, 7.0}) == 0.0);
  CHECK(speech_share(scores, kTimes, {50.0, 70.0}) == 1.0);
  CHECK(speech_share({}, kTimes, {0.0, 1.0}) == 1.0);
}
