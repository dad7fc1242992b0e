#include "wav2vec/align/sound_edges.h"

#include <doctest/doctest.h>

using namespace wav2vec;

namespace {

/// Two seconds of frames of 10 ms: a sound from 0.50 to 1.20 s that rings on until 1.50.
std::vector<float> sound(float floor) {
  std::vector<float> powers(200, floor);
  for (size_t t = 50; t < 120; ++t) powers[t] = 1.0F;
  for (size_t t = 120; t < 150; ++t) powers[t] = 0.01F;
  return powers;
}

}  // namespace

TEST_CASE("sound edges: to where the sound begins and ends, and no further than the neighbours") {
  const std::vector<float> powers = sound(1e-9F);
  const TimeSpan wide = sound_edges({0.60, 1.20}, 0.0, 2.0, powers, 0.01).value();
  CHECK(wide.start_seconds == doctest::Approx(0.50));
  CHECK(wide.end_seconds == doctest::Approx(1.50));
  CHECK(sound_edges({0.60, 1.20}, 0.0, 1.40, powers, 0.01).value().end_seconds == doctest::Approx(1.40));
  CHECK(sound_edges({0.60, 1.20}, 0.55, 2.0, powers, 0.01).value().start_seconds == doctest::Approx(0.55));
  // Letters that were laid on silence.
  const TimeSpan narrow = sound_edges({0.40, 1.70}, 0.0, 2.0, powers, 0.01).value();
  CHECK(narrow.start_seconds == doctest::Approx(0.50));
  CHECK(narrow.end_seconds == doctest::Approx(1.50));
  // No further than echoes last.
  CHECK(sound_edges({0.60, 0.70}, 0.0, 2.0, powers, 0.01).value().end_seconds == doctest::Approx(1.30));
}

TEST_CASE("sound edges: noise and silence hide them") {
  CHECK_FALSE(sound_edges({0.60, 1.20}, 0.0, 2.0, sound(0.008F), 0.01).has_value());
  CHECK_FALSE(sound_edges({0.60, 1.20}, 0.0, 2.0, {}, 0.01).has_value());
  const std::vector<float> silence(200, 0.0F);
  CHECK_FALSE(sound_edges({0.60, 1.20}, 0.0, 2.0, silence, 0.01).has_value());
}
