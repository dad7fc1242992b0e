#include "wav2vec/audio/band_reject.h"

#include <doctest/doctest.h>

#include "support/audio_files.h"
#include "support/spectrum.h"

using namespace wav2vec;

namespace {

double gain_db(double hz, int64_t rate, double from_hz, double to_hz) {
  const auto rate_hz = static_cast<double>(rate);
  const auto tone = test::tone(rate, hz, rate_hz);
  const auto out = reject_band(tone, rate, from_hz, to_hz);
  REQUIRE(out.size() == tone.size());
  return test::decibels(test::power_at(out, hz, rate_hz) / test::power_at(tone, hz, rate_hz));
}

}  // namespace

TEST_CASE("band reject: the band is gone, the rest is untouched") {
  for (const int64_t rate : {8000, 16000}) {
    for (const double hz : {1060.0, 1300.0, 1740.0}) CHECK(gain_db(hz, rate, 1000.0, 1800.0) < -55.0);
    for (const double hz : {100.0, 800.0, 940.0, 1860.0, 3500.0})
      CHECK(std::fabs(gain_db(hz, rate, 1000.0, 1800.0)) < 0.05);
    CHECK(gain_db(1000.0, rate, 1000.0, 1800.0) == doctest::Approx(-6.02).epsilon(0.02));
  }
}

TEST_CASE("band reject: at the ends of the spectrum, and around nothing") {
  CHECK(gain_db(100.0, 16000, 0.0, 400.0) < -55.0);
  CHECK(std::fabs(gain_db(600.0, 16000, 0.0, 400.0)) < 0.05);
  CHECK(gain_db(7500.0, 16000, 6000.0, 8000.0) < -55.0);
  CHECK(std::fabs(gain_db(5000.0, 16000, 6000.0, 9000.0)) < 0.05);
  CHECK(std::fabs(gain_db(2000.0, 16000, 2000.0, 2000.0)) < 0.01);
}

TEST_CASE("band reject: no delay") {
  std::vector<float> click(2000, 0.0F);
  click[1000] = 1.0F;
  const auto out = reject_band(click, 16000, 2000.0, 2500.0);
  for (size_t i = 1; i < 900; ++i)
    REQUIRE(out[1000 - i] == doctest::Approx(out[1000 + i]).epsilon(1e-4).scale(1.0));
  CHECK(out[1000] > 0.9F);
}

TEST_CASE("mel: the scale and back") {
  CHECK(mel_from_hz(1000.0) == doctest::Approx(1000.0).epsilon(1e-3));
  for (const double hz : {0.0, 123.0, 8000.0}) CHECK(hz_from_mel(mel_from_hz(hz)) == doctest::Approx(hz));
}
