#include "wav2vec/extract/deltas.h"

#include <doctest/doctest.h>

#include <cmath>

#include "support/feature_matrix.h"
#include "wav2vec/core/error.h"

using namespace wav2vec;
using namespace wav2vec::test;

namespace {

/// Difference of the given order at any frame of the features continued by their edges, by its definition.
double difference(const FeatureMatrix& m, int64_t t, int64_t c, int64_t order, int64_t window) {
  if (order == 0) return m.at_edge(t, c);
  double sum = 0.0;
  double norm = 0.0;
  for (int64_t j = -window; j <= window; ++j) {
    sum += static_cast<double>(j) * difference(m, t + j, c, order - 1, window);
    norm += static_cast<double>(j * j);
  }
  return sum / norm;
}

}  // namespace

TEST_CASE("deltas are the weighted differences of the features continued by their edges") {
  for (const int64_t frames : {1, 2, 3, 40}) {
    const FeatureMatrix m = noise_features(frames, 3, 1);
    for (const auto& [order, window] : {std::pair{2, 2}, {1, 1}, {3, 2}, {2, 5}}) {
      const FeatureMatrix out = read_matrix(add_deltas(m.rows(), {order, window}));
      REQUIRE(out.frames == frames);
      REQUIRE(out.channels == 3 * (1 + order));
      for (int64_t t = 0; t < frames; ++t) {
        for (int64_t k = 0; k <= order; ++k) {
          for (int64_t c = 0; c < 3; ++c)
            CHECK(std::fabs(out.at(t, 3 * k + c) - difference(m, t, c, k, window)) < 2e-6);
        }
      }
    }
  }
}

TEST_CASE("a straight line has its slope as delta and 0 as delta-delta, a constant 0 and 0") {
  FeatureMatrix m{50, 2, {}};
  for (int t = 0; t < 50; ++t) m.values.insert(m.values.end(), {0.5F * static_cast<float>(t), 7.0F});
  const FeatureMatrix out = read_matrix(add_deltas(m.rows(), {2, 2}));
  for (int64_t t = 4; t < 46; ++t) {
    CHECK(out.at(t, 2) == doctest::Approx(0.5));
    CHECK(std::fabs(out.at(t, 4)) < 1e-6);
  }
  for (int64_t t = 0; t < 50; ++t) {
    CHECK(std::fabs(out.at(t, 3)) < 1e-6);
    CHECK(std::fabs(out.at(t, 5)) < 1e-6);
  }
}

TEST_CASE("deltas widen the contract's channels and receptive field and leave its times") {
  FeatureContract contract;
  contract.sample_rate_hz = 16000;
  contract.hop_samples = 160;
  contract.receptive_field_samples = 400;
  contract.first_frame_center_seconds = 0.0125;
  contract.channels = 13;
  const FeatureContract out = add_deltas(contract, {2, 2});
  CHECK(out.channels == 39);
  CHECK(out.receptive_field_samples == 400 + 8 * 160);
  CHECK(out.hop_samples == 160);
  CHECK(out.first_frame_center_seconds == 0.0125);
}

TEST_CASE("deltas of no order are the features, impossible ones are refused") {
  const FeatureMatrix m = noise_features(5, 2, 2);
  CHECK(read_matrix(add_deltas(m.rows(), {0, 2})).values == m.values);
  CHECK_THROWS_WITH_AS(add_deltas(m.rows(), {-1, 2}), doctest::Contains("delta_order"), ConfigError);
  CHECK_THROWS_WITH_AS(add_deltas(m.rows(), {2, 0}), doctest::Contains("delta_window"), ConfigError);
}
