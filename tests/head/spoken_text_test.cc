#include "wav2vec/head/spoken_text.h"

#include <doctest/doctest.h>

#include "wav2vec/text/character_tokens.h"

using namespace wav2vec;

namespace {

SpokenText text_of(const std::string& words) { return spoken_text(encode(words)); }

const FrameTimes kClock{.first_frame_center_seconds = 0.0, .hop_seconds = 0.01};

}  // namespace

TEST_CASE("spoken text: every state may last only while its word does, and gaps between words") {
  SpokenText text = text_of("all is");
  set_times(text, {{0.50, 0.30, "all"}, {1.00, 0.20, "is"}}, kClock, 0.05);
  REQUIRE(text.has_times());
  const auto& states = text.chain;  // gap a l l gap i s gap
  REQUIRE(states.size() == 8);
  for (const size_t s : {1, 2, 3}) {
    CAPTURE(s);
    CHECK(states[s].first_frame == 45);
    CHECK(states[s].end_frame == 85);
  }
  CHECK(states[0].end_frame == 55);
  CHECK(states[4].first_frame == 75);
  CHECK(states[4].end_frame == 105);
  for (const size_t s : {5, 6}) {
    CHECK(states[s].first_frame == 95);
    CHECK(states[s].end_frame == 125);
  }
  CHECK(states[7].first_frame == 115);
  CHECK(states[7].end_frame > 1'000'000);
}

TEST_CASE("spoken text: silence and noise are no words") {
  const std::vector<TimedLabel> labels{
      {0.0, 0.1, "<sil>"}, {0.1, 0.2, "a"}, {0.3, 0.1, "[NOISE]"}, {0.4, 0.1, "SIL"}};
  const auto words = word_labels(labels);
  REQUIRE(words.size() == 1);
  CHECK(words[0].label == "a");
}

TEST_CASE("frame clock: the first centre that is not before a time") {
  const FrameTimes clock{.first_frame_center_seconds = 0.0145, .hop_seconds = 0.01};
  CHECK(clock.frame_at(0.0145) == 0);
  CHECK(clock.frame_at(0.015) == 1);
  CHECK(clock.frame_at(0.0245) == 1);
  CHECK(clock.frame_at(-1.0) < 0);
}
