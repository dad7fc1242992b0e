#include "wav2vec/extract/subsample.h"

#include <doctest/doctest.h>

#include "support/feature_matrix.h"
#include "wav2vec/core/error.h"

using namespace wav2vec;
using namespace wav2vec::test;

TEST_CASE("every n-th frame from the offset on is kept") {
  for (const int64_t frames : {0, 1, 2, 5, 6, 7, 4000}) {
    const FeatureMatrix m = noise_features(frames, 2, 1);
    for (const auto& [step, offset] : {std::pair{1, 0}, {2, 0}, {2, 1}, {3, 2}, {1500, 1499}}) {
      CAPTURE(frames);
      CAPTURE(step);
      const FeatureMatrix out = read_matrix(subsample(m.rows(), {step, offset}));
      int64_t kept = 0;
      for (int64_t t = offset; t < frames; t += step, ++kept) {
        REQUIRE(kept < out.frames);
        for (int64_t c = 0; c < 2; ++c) CHECK(out.at(kept, c) == m.at(t, c));
      }
      CHECK(out.frames == kept);
    }
  }
}

TEST_CASE("subsampling makes the hop longer and moves the first centre") {
  FeatureContract contract;
  contract.sample_rate_hz = 16000;
  contract.hop_samples = 160;
  contract.receptive_field_samples = 465;
  contract.first_frame_center_seconds = 0.0145;
  contract.channels = 512;
  const FeatureContract out = subsample(contract, {3, 2});
  CHECK(out.hop_samples == 480);
  CHECK(out.first_frame_center_seconds == doctest::Approx(0.0345));
  CHECK(out.receptive_field_samples == 465);
  CHECK(out.channels == 512);
  CHECK_THROWS_WITH_AS(subsample(contract, {0, 0}), doctest::Contains("subsample"), ConfigError);
  CHECK_THROWS_WITH_AS(subsample(contract, {3, 3}), doctest::Contains("subsample_offset"), ConfigError);
}
