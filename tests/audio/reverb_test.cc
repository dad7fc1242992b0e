#include "wav2vec/audio/reverb.h"

#include <doctest/doctest.h>

#include "audio/fft_convolution.h"
#include "support/audio_files.h"
#include "support/spectrum.h"

using namespace wav2vec;

namespace {

// Schroeder's backward integration: the decay from −5 to −35 dB of the reverberation, times two.
double measured_rt60(std::span<const float> response, double rate_hz) {
  std::vector<double> left(response.size());
  double sum = 0.0;
  for (size_t i = response.size(); i-- > 1;) left[i] = sum += static_cast<double>(response[i]) * response[i];
  const auto when = [&](double db) {
    size_t i = 1;
    while (test::decibels(left[i] / left[1]) > db) ++i;
    return static_cast<double>(i) / rate_hz;
  };
  return 2.0 * (when(-35.0) - when(-5.0));
}

RandomStream stream(uint64_t item) { return {1, RandomUse::augmentation, {item}}; }

}  // namespace

TEST_CASE("room: reverberation time and direct sound are those asked for") {
  for (const double rt60 : {0.15, 0.4, 1.0}) {
    for (const double direct_db : {-3.0, 6.0, 15.0}) {
      CAPTURE(rt60);
      CAPTURE(direct_db);
      const auto response = room_response({rt60, direct_db}, 16000, stream(1));
      CHECK(measured_rt60(response, 16000.0) == doctest::Approx(rt60).epsilon(0.07));
      double reverberation = 0.0;
      for (size_t i = 1; i < response.size(); ++i) reverberation += response[i] * response[i];
      const double direct = response[0] * response[0];
      CHECK(test::decibels(direct / reverberation) == doctest::Approx(direct_db).epsilon(1e-3));
      CHECK(direct + reverberation == doctest::Approx(1.0).epsilon(1e-4));
    }
  }
  CHECK(room_response({}, 16000, stream(1)) == room_response({}, 16000, stream(1)));
  CHECK(room_response({}, 16000, stream(1)) != room_response({}, 16000, stream(2)));
}

TEST_CASE("reverberation: same length, nothing before the sound, a tail behind it") {
  std::vector<float> click(16000, 0.0F);
  click[4000] = 1.0F;
  const auto response = room_response({0.3, 0.0}, 16000, stream(3));
  const auto out = reverberate(click, response);
  REQUIRE(out.size() == click.size());
  for (size_t i = 0; i < 4000; ++i) REQUIRE(std::fabs(out[i]) < 1e-6F);
  for (size_t i = 0; i < response.size(); ++i) REQUIRE(std::fabs(out[4000 + i] - response[i]) < 1e-6F);
}

TEST_CASE("convolution: equals its definition over block borders, short and long") {
  for (const int64_t taps : {1, 7, 1500}) {
    for (const int64_t length : {1, 50, 9000}) {
      const auto x = test::noise(length, 1, 1.0F);
      const auto h = test::noise(taps, 2, 1.0F);
      const int64_t delay = taps / 2;
      const auto out = convolve(x, h, delay);
      REQUIRE(out.size() == x.size());
      double worst = 0.0;
      for (int64_t i = 0; i<length; i += length> 1000 ? 97 : 1) {
        double sum = 0.0;
        for (int64_t k = 0; k < taps; ++k) {
          const int64_t at = i + delay - k;
          if (at >= 0 && at < length)
            sum += static_cast<double>(h[static_cast<size_t>(k)]) * x[static_cast<size_t>(at)];
        }
        worst = std::max(worst, std::fabs(sum - out[static_cast<size_t>(i)]));
      }
      CHECK(worst < 1e-5 * std::sqrt(static_cast<double>(taps)));
    }
  }
}
