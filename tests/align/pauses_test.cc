#include "wav2vec/align/pauses.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace wav2vec;

namespace {

constexpr FrameTimes kTimes{.first_frame_center_seconds = 0.005, .hop_seconds = 0.01};

/// Two seconds: speech from 0.50 to 1.20 s, with a stop of 50 ms at 0.80.
std::vector<float> pauses() {
  std::vector<float> scores(200, 1.0F);
  for (size_t t = 50; t < 120; ++t) scores[t] = -3.0F;
  for (size_t t = 80; t < 85; ++t) scores[t] = 1.0F;
  return scores;
}

TimeSpan edges(TimeSpan line, double earliest = 0.0, double latest = 2.0) {
  return speech_edges(line, earliest, latest, pauses(), kTimes);
}

}  // namespace

TEST_CASE(
    "speech edges: to where speech begins and ends, over short stops and no further than the neighbours") {
  CHECK(edges({0.60, 1.00}).start_seconds == doctest::Approx(0.50));
  CHECK(edges({0.60, 1.00}).end_seconds == doctest::Approx(1.20));
  CHECK(edges({0.60, 0.80}).end_seconds == doctest::Approx(1.20));
  CHECK(edges({0.60, 1.00}, 0.55, 1.1).start_seconds == doctest::Approx(0.55));
  CHECK(edges({0.60, 1.00}, 0.55, 1.1).end_seconds == doctest::Approx(1.1));
  // Letters that were laid on a pause.
  CHECK(edges({0.40, 1.50}).start_seconds == doctest::Approx(0.50));
  CHECK(edges({0.40, 1.50}).end_seconds == doctest::Approx(1.20));
  // No further than letters are off.
  CHECK(edges({1.00, 1.10}).start_seconds == doctest::Approx(0.70));
}

TEST_CASE("speech edges: a line without speech, and one beyond the recording, stay") {
  CHECK(edges({0.10, 0.40}).start_seconds == 0.10);
  CHECK(edges({0.10, 0.40}).end_seconds == 0.40);
  CHECK(edges({3.0, 4.0}).end_seconds == 4.0);
  CHECK(speech_edges({0.1, 0.4}, 0.0, 1.0, {}, kTimes).end_seconds == 0.4);
}

TEST_CASE("speech edges: a line in a pause does not reach for the speech beside it") {
  CHECK(edges({0.40, 0.47}).end_seconds == 0.47);
  CHECK(edges({1.24, 1.40}).start_seconds == 1.24);
}

TEST_CASE("pause throughout: no frame of speech, and frames at all") {
  CHECK(is_pause_throughout({0.10, 0.40}, pauses(), kTimes));
  CHECK_FALSE(is_pause_throughout({0.10, 0.52}, pauses(), kTimes));
  CHECK(is_pause_throughout({0.80, 0.85}, pauses(), kTimes));
  CHECK_FALSE(is_pause_throughout({0.10, 0.10}, pauses(), kTimes));
  CHECK_FALSE(is_pause_throughout({5.0, 6.0}, pauses(), kTimes));
}

TEST_CASE("digital silence is a pause, the faintest noise is for the network to judge") {
  std::vector<float> scores{-3.0F, -3.0F, 2.0F, -3.0F};
  note_silence(scores, std::vector<float>{0.0F, 1e-8F, 0.0F});
  CHECK(scores == std::vector<float>{0.6F, -3.0F, 2.0F, -3.0F});
}

TEST_CASE("letters are kept out of the pauses at the ends of their words, and of none within") {
  // Two words of two letters; the second letter holds the stop, and the last lies in a pause altogether.
  std::vector<TimeSpan> letters{{0.40, 0.60}, {0.60, 0.95}, {0.95, 1.10}, {1.10, 1.30}};
  const std::vector<TokenWord> words{{0, 2}, {2, 4}};
  keep_out_of_pauses(letters, words, pauses(), kTimes);
  CHECK(letters[0].start_seconds == doctest::Approx(0.50));
  CHECK(letters[0].end_seconds == doctest::Approx(0.60));
  CHECK(letters[1].start_seconds == doctest::Approx(0.60));
  CHECK(letters[1].end_seconds == doctest::Approx(0.95));
  CHECK(letters[3].end_seconds == doctest::Approx(1.20));

  std::vector<TimeSpan> silent{{0.10, 0.20}};
  const std::vector<TokenWord> one{{0, 1}};
  keep_out_of_pauses(silent, one, pauses(), kTimes);
  CHECK(silent[0].start_seconds == 0.10);
  CHECK(silent[0].end_seconds == 0.20);

  // A letter before the speech of its word has no length left.
  std::vector<TimeSpan> early{{0.30, 0.45}, {0.45, 0.70}};
  keep_out_of_pauses(early, std::vector<TokenWord>{{0, 2}}, pauses(), kTimes);
  CHECK(early[0].start_seconds == doctest::Approx(0.50));
  CHECK(early[0].end_seconds == doctest::Approx(0.50));
  CHECK(early[1].start_seconds == doctest::Approx(0.50));
}

TEST_CASE("pause scores: the similarities of the blank") {
  const std::vector<float> heard{1.0F, 0.5F, 2.0F, 0.25F};
  const std::vector<float> meant{0.5F, 0.5F};
  const std::vector<float> scores = pause_scores({heard.data(), meant.data(), 2, 1, 2});
  CHECK(scores[0] == doctest::Approx(std::log(0.75)));
  CHECK(scores[1] == doctest::Approx(std::log(1.125)));
}
