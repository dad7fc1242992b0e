#include "wav2vec/audio/pitch_shift.h"

#include <doctest/doctest.h>

#include "support/audio_files.h"
#include "support/spectrum.h"
#include "wav2vec/audio/add_noise.h"

using namespace wav2vec;

namespace {

// The strongest frequency within ±20 % of `near_hz`, in steps of 2 cents.
double pitch_near(std::span<const float> samples, double near_hz, double rate_hz) {
  double best_hz = 0.0;
  double best_power = 0.0;
  for (int step = -160; step <= 160; ++step) {
    const double hz = near_hz * std::exp2(2.0 * step / 1200.0);
    const double power = test::power_at(samples, hz, rate_hz);
    if (power > best_power) {
      best_power = power;
      best_hz = hz;
    }
  }
  return best_hz;
}

}  // namespace

TEST_CASE("pitch shift: a tone moves by the cents asked for, at the same length and level") {
  for (const int64_t rate : {8000, 16000}) {
    for (const double hz : {110.0, 440.0, 1234.5}) {
      const auto tone = test::tone(rate, hz, static_cast<double>(rate));
      for (const double cents : {-300.0, -77.0, 40.0, 300.0}) {
        CAPTURE(rate);
        CAPTURE(hz);
        CAPTURE(cents);
        const auto shifted = shift_pitch(tone, rate, cents);
        REQUIRE(shifted.size() == tone.size());
        const double expected = hz * std::exp2(cents / 1200.0);
        const double found = pitch_near(shifted, expected, static_cast<double>(rate));
        CHECK(std::fabs(1200.0 * std::log2(found / expected)) <= 8.0);
        // What was cross-faded had the same phase, or level would be lost.
        CHECK(mean_power(shifted) == doctest::Approx(0.125).epsilon(0.05));
      }
    }
  }
}

TEST_CASE("pitch shift: events stay where they are in time") {
  std::vector<float> samples(32000, 0.0F);
  const auto burst = test::tone(3200, 300.0, 16000.0);
  std::copy(burst.begin(), burst.end(), samples.begin() + 20000);
  for (const double cents : {-300.0, 300.0}) {
    const auto shifted = shift_pitch(samples, 16000, cents);
    double energy = 0.0;
    double moment = 0.0;
    for (size_t i = 0; i < shifted.size(); ++i) {
      energy += shifted[i] * shifted[i];
      moment += static_cast<double>(i) * shifted[i] * shifted[i];
    }
    CHECK(moment / energy == doctest::Approx(21600.0).epsilon(0.015));  // within 20 ms
  }
}

TEST_CASE("stretch: the same length gives the same samples, any length is met, silence stays silent") {
  const auto noise = test::noise(5000, 1);
  CHECK(stretch_time(noise, 16000, 5000) == noise);
  CHECK(shift_pitch(noise, 16000, 0.0) == noise);
  for (const int64_t length : {0, 1, 100, 4321, 9999})
    CHECK(std::ssize(stretch_time(noise, 16000, length)) == length);
  for (const int64_t length : {0, 1, 2, 100, 4321}) {
    const std::vector<float> silence(static_cast<size_t>(length), 0.0F);
    CHECK(shift_pitch(silence, 16000, 250.0) == silence);
  }
}
