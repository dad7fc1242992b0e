#include "wav2vec/audio/resampler.h"

#include <doctest/doctest.h>
#include <soxr.h>

#include <algorithm>
#include <cmath>

#include "support/audio_files.h"
#include "wav2vec/audio/normalize.h"

using namespace wav2vec;
using namespace wav2vec::test;

TEST_CASE("the resampled length is the input's length in time, rounded up") {
  CHECK(resampled_length(0, 44100, 16000) == 0);
  CHECK(resampled_length(1, 44100, 16000) == 1);
  CHECK(resampled_length(44100, 44100, 16000) == 16000);
  CHECK(resampled_length(44101, 44100, 16000) == 16001);
  CHECK(resampled_length(int64_t{768000} * 3600 * 48, 768000, 16000) == int64_t{16000} * 3600 * 48);
  for (const int64_t samples : {0, 1, 2, 100, 441, 4409, 44100}) {
    for (const int64_t from : {8000, 11025, 44100, 48000})
      CHECK(std::ssize(resample(noise(samples, 1), from, 16000)) == resampled_length(samples, from, 16000));
  }
}

TEST_CASE("nothing is delayed, what lies above half the new rate is removed") {
  std::vector<float> impulse(4800, 0.0F);
  impulse[2400] = 1.0F;
  const std::vector<float> out = resample(impulse, 48000, 16000);
  CHECK(std::max_element(out.begin(), out.end()) - out.begin() == 800);

  const std::vector<float> high = resample(tone(48000, 12000.0, 48000.0), 48000, 16000);
  float peak = 0.0F;
  for (size_t i = 1600; i + 1600 < high.size(); ++i) peak = std::max(peak, std::fabs(high[i]));
  CHECK(peak < 1e-4F);
  CHECK(resampler_description().find("soxr") == 0);
}

TEST_CASE("a normalised waveform has mean 0 and variance 1 unless it is nearly silent") {
  std::vector<float> x = noise(10000, 3);
  for (float& v : x) v += 0.3F;
  normalize_waveform(x);
  double sum = 0.0;
  double squares = 0.0;
  for (float v : x) {
    sum += v;
    squares += v * v;
  }
  CHECK(sum / 10000 == doctest::Approx(0.0).epsilon(1e-6));
  CHECK(squares / 10000 == doctest::Approx(1.0).epsilon(2e-3));  // 1e-5 beside the variance

  std::vector<float> silence(100, 0.25F);
  normalize_waveform(silence);
  CHECK(silence[50] == 0.0F);
}

TEST_CASE("in pieces of any size the samples are those of the library's one call, to the bit") {
  for (const auto& [from, to] : {std::pair{44100, 16000},
                                 {8000, 16000},
                                 {48000, 16000},
                                 {11025, 16000},
                                 {22050, 8000},
                                 {16000, 15999},
                                 {16000, 16000}}) {
    CAPTURE(from);
    const std::vector<float> signal = noise(150001, 7);
    const int64_t length = resampled_length(std::ssize(signal), from, to);
    std::vector<float> expected(static_cast<size_t>(length));
    const soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
    REQUIRE(soxr_oneshot(from, to, 1, signal.data(), signal.size(), nullptr, expected.data(), expected.size(),
                         nullptr, nullptr, &quality, nullptr) == nullptr);
    for (const size_t piece : {size_t{1}, size_t{997}, size_t{65536}, signal.size()}) {
      CAPTURE(piece);
      std::vector<float> out;
      const SampleSink append = [&](std::span<const float> part) {
        out.insert(out.end(), part.begin(), part.end());
      };
      StreamResampler stream(from, to);
      for (size_t i = 0; i < signal.size(); i += piece)
        stream.push(std::span(signal).subspan(i, std::min(piece, signal.size() - i)), append);
      stream.finish(append);
      CHECK(out == expected);
    }
  }
}
