#include "wav2vec/audio/add_noise.h"

#include <doctest/doctest.h>

#include "support/audio_files.h"
#include "support/spectrum.h"

using namespace wav2vec;

namespace {

double ratio_after(const std::vector<float>& signal, std::span<const float> noise, double snr_db) {
  auto mixed = signal;
  add_noise(mixed, noise, snr_db);
  for (size_t i = 0; i < mixed.size(); ++i) mixed[i] -= signal[i];
  return test::decibels(mean_power(signal) / mean_power(mixed));
}

}  // namespace

TEST_CASE("noise: the ratio asked for is the ratio reached, however loud and long the noise is") {
  const auto signal = test::tone(10000, 200.0, 16000.0, 0.3F);
  for (const int64_t length : {20000, 10000, 9999, 3001, 7}) {
    CAPTURE(length);
    for (const float amplitude : {0.001F, 0.9F}) {
      const auto noise = test::noise(length, 1, amplitude);
      for (const double snr_db : {-5.0, 0.0, 15.0, 40.0})
        CHECK(ratio_after(signal, noise, snr_db) == doctest::Approx(snr_db).epsilon(1e-3));
    }
  }
}

TEST_CASE("noise: silence has no ratio, so nothing is added") {
  const std::vector<float> silence(100, 0.0F);
  const auto noise = test::noise(100, 1);
  auto samples = silence;
  add_noise(samples, noise, 0.0);
  CHECK(samples == silence);
  samples = noise;
  add_noise(samples, silence, 0.0);
  add_noise(samples, {}, 0.0);
  CHECK(samples == noise);
}
