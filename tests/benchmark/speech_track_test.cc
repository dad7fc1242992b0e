#include "wav2vec/benchmark/speech_track.h"

#include <doctest/doctest.h>

#include "wav2vec/core/rng.h"

using namespace wav2vec;

TEST_CASE("speech track: what is louder than the bed, whether that is silence or noise") {
  const RandomStream random(3, RandomUse::crop, {});
  for (const double bed : {0.0, 1e-3}) {
    std::vector<float> powers;
    for (uint64_t t = 0; t < 1000; ++t) {
      const bool speech = (t >= 200 && t < 400) || (t >= 600 && t < 750);
      powers.push_back(static_cast<float>((speech ? 1e-1 : 0.0) * (0.5 + random.uniform(t)) +
                                          bed * (0.5 + random.uniform(5000 + t))));
    }
    const SpeechTrack track = speech_track(powers, 0.01);
    CAPTURE(bed);
    CHECK(loud_share(track, {2.1, 3.9}) == 1.0);
    CHECK(loud_share(track, {4.1, 5.9}) == 0.0);
    const auto spans = speech_spans(track, 0.2, 0.5);
    REQUIRE(spans.size() == 2);
    CHECK(spans[0].start_seconds == doctest::Approx(2.0).epsilon(0.02));
    CHECK(spans[1].end_seconds == doctest::Approx(7.5).epsilon(0.02));
  }
  CHECK(speech_track({}, 0.01).speech.empty());
}

TEST_CASE("speech track: short pauses are bridged and short sounds left out") {
  SpeechTrack track{.frame_seconds = 0.01, .speech = std::vector<uint8_t>(500, 0)};
  for (size_t t = 100; t < 200; ++t) track.speech[t] = t < 150 || t >= 160 ? 1 : 0;
  for (size_t t = 300; t < 310; ++t) track.speech[t] = 1;
  const auto spans = speech_spans(track, 0.2, 0.5);
  REQUIRE(spans.size() == 1);
  CHECK(spans[0].start_seconds == doctest::Approx(1.0));
  CHECK(spans[0].end_seconds == doctest::Approx(2.0));
  CHECK(speech_spans(track, 0.05, 0.0).size() == 3);
  CHECK(loud_share(track, {1.4, 1.7}) == doctest::Approx(20.0 / 30.0));
  CHECK(loud_share(track, {-3.0, -1.0}) == 0.0);
}
