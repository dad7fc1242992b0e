#include "wav2vec/extract/splice.h"

#include <doctest/doctest.h>

#include "support/feature_matrix.h"
#include "wav2vec/core/error.h"

using namespace wav2vec;
using namespace wav2vec::test;

TEST_CASE("a stacked frame is its neighbours in order, the ends repeated") {
  for (const int64_t frames : {1, 3, 30}) {
    const FeatureMatrix m = noise_features(frames, 3, 1);
    for (const auto& [left, right] : {std::pair{4, 4}, {0, 2}, {5, 0}, {40, 1}}) {
      const FeatureMatrix out = read_matrix(splice(m.rows(), {left, right}));
      REQUIRE(out.frames == frames);
      REQUIRE(out.channels == 3 * (left + 1 + right));
      for (int64_t t = 0; t < frames; ++t) {
        for (int64_t j = -left; j <= right; ++j) {
          for (int64_t c = 0; c < 3; ++c) CHECK(out.at(t, (j + left) * 3 + c) == m.at_edge(t + j, c));
        }
      }
    }
  }
}

TEST_CASE("stacking widens the contract and leaves its times, and too much of it is refused") {
  FeatureContract contract;
  contract.hop_samples = 160;
  contract.receptive_field_samples = 465;
  contract.channels = 512;
  const FeatureContract out = splice(contract, {3, 2});
  CHECK(out.channels == 6 * 512);
  CHECK(out.receptive_field_samples == 465 + 5 * 160);
  CHECK(out.hop_samples == 160);
  CHECK_THROWS_WITH_AS(splice(contract, {-1, 0}), doctest::Contains("left_context"), ConfigError);
  CHECK_THROWS_WITH_AS(splice(contract, {0, 1001}), doctest::Contains("right_context"), ConfigError);
}
