#include "wav2vec/extract/cmvn.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "support/feature_matrix.h"
#include "wav2vec/core/error.h"

using namespace wav2vec;
using namespace wav2vec::test;

namespace {

struct Moments {
  double mean = 0.0;
  double variance = 0.0;
};

/// Two passes, so that it shares no step with the sums under test.
Moments moments(const FeatureMatrix& m, int64_t c, int64_t start, int64_t end) {
  Moments out;
  const auto n = static_cast<double>(end - start);
  for (int64_t t = start; t < end; ++t) out.mean += m.at(t, c) / n;
  for (int64_t t = start; t < end; ++t) out.variance += (m.at(t, c) - out.mean) * (m.at(t, c) - out.mean) / n;
  return out;
}

CmvnStatistics statistics_of(const FeatureMatrix& m) {
  CmvnStatistics s;
  s.add(m.rows());
  return s;
}

void check_sliding(const FeatureMatrix& m, const CmvnConfig& config) {
  const FeatureMatrix out = read_matrix(apply_sliding_cmvn(m.rows(), config));
  for (int64_t t = 0; t < m.frames; ++t) {
    // Kaldi's feature-functions.cc, SlidingWindowCmnInternal, word for word.
    int64_t window_start = 0;
    int64_t window_end = 0;
    if (config.center) {
      window_start = t - (config.cmn_window / 2);
      window_end = window_start + config.cmn_window;
    } else {
      window_start = t - config.cmn_window;
      window_end = t + 1;
    }
    if (window_start < 0) {
      window_end -= window_start;
      window_start = 0;
    }
    if (!config.center) {
      if (window_end > t) window_end = std::max(t + 1, config.min_cmn_window);
    }
    if (window_end > m.frames) {
      window_start -= (window_end - m.frames);
      window_end = m.frames;
      if (window_start < 0) window_start = 0;
    }
    for (int64_t c = 0; c < m.channels; ++c) {
      const Moments window = moments(m, c, window_start, window_end);
      double expected = m.at(t, c) - window.mean;
      if (config.norm_vars)
        expected =
            window_end - window_start == 1 ? 0.0 : expected / std::sqrt(std::max(window.variance, 1e-10));
      CHECK(std::fabs(out.at(t, c) - expected) < 1e-5);
    }
  }
}

}  // namespace

TEST_CASE("CMVN of an utterance has mean 0 and, if asked for, variance 1 in every channel") {
  const FeatureMatrix m = noise_features(1000, 5, 1);
  for (const bool norm_vars : {false, true}) {
    const FeatureMatrix out = read_matrix(apply_cmvn(m.rows(), statistics_of(m), norm_vars));
    for (int64_t c = 0; c < m.channels; ++c) {
      const Moments before = moments(m, c, 0, m.frames);
      const Moments after = moments(out, c, 0, m.frames);
      CHECK(std::fabs(after.mean) < 1e-6);
      CHECK(after.variance == doctest::Approx(norm_vars ? 1.0 : before.variance).epsilon(1e-6));
      const double scale = norm_vars ? 1.0 / std::sqrt(before.variance) : 1.0;
      CHECK(out.at(17, c) == doctest::Approx((m.at(17, c) - before.mean) * scale).epsilon(1e-6));
    }
  }
}

TEST_CASE("statistics of several utterances are those of all their frames") {
  const FeatureMatrix a = noise_features(300, 3, 1);
  const FeatureMatrix b = noise_features(50, 3, 2);
  CmvnStatistics both = statistics_of(a);
  both.add(b.rows());
  FeatureMatrix joined = a;
  joined.frames += b.frames;
  joined.values.insert(joined.values.end(), b.values.begin(), b.values.end());
  const FeatureMatrix out = read_matrix(apply_cmvn(b.rows(), both, true));
  for (int64_t c = 0; c < 3; ++c) {
    const Moments all = moments(joined, c, 0, joined.frames);
    CHECK(out.at(7, c) == doctest::Approx((b.at(7, c) - all.mean) / std::sqrt(all.variance)).epsilon(1e-6));
  }
}

TEST_CASE("a constant channel and an only frame become 0, not infinity or noise") {
  FeatureMatrix m = noise_features(5000, 2, 3);
  for (size_t i = 0; i < m.values.size(); i += 2) m.values[i] = 0.1F;
  const FeatureMatrix one = noise_features(1, 4, 4);
  for (const bool norm_vars : {false, true}) {
    const FeatureMatrix out = read_matrix(apply_cmvn(m.rows(), statistics_of(m), norm_vars));
    for (int64_t t = 0; t < m.frames; t += 100) CHECK(std::fabs(out.at(t, 0)) < 1e-3);
    for (const float x : read_matrix(apply_cmvn(one.rows(), statistics_of(one), norm_vars)).values)
      CHECK(x == 0.0F);
    for (const bool center : {false, true}) {
      CmvnConfig sliding;
      sliding.norm_vars = norm_vars;
      sliding.center = center;
      for (const float x : read_matrix(apply_sliding_cmvn(one.rows(), sliding)).values) CHECK(x == 0.0F);
      const FeatureMatrix slid = read_matrix(apply_sliding_cmvn(m.rows(), sliding));
      for (int64_t t = 0; t < m.frames; t += 100) CHECK(std::fabs(slid.at(t, 0)) < 1e-5);
    }
  }
}

TEST_CASE("sliding CMVN follows Kaldi's windows, on short and long utterances") {
  for (const int64_t frames : {1, 2, 19, 50, 51, 100, 700}) {
    const FeatureMatrix m = noise_features(frames, 2, 5);
    for (const bool center : {false, true}) {
      for (const bool norm_vars : {false, true}) {
        for (const auto& [window, least] : {std::pair{1, 1}, {50, 20}, {51, 20}, {20, 50}, {600, 100}}) {
          CAPTURE(frames);
          CAPTURE(window);
          CAPTURE(center);
          CmvnConfig config;
          config.center = center;
          config.norm_vars = norm_vars;
          config.cmn_window = window;
          config.min_cmn_window = least;
          check_sliding(m, config);
        }
      }
    }
  }
}

TEST_CASE("CMVN refuses values that are not finite and statistics that do not fit, with the place") {
  FeatureMatrix m = noise_features(9000, 3, 6);
  const CmvnStatistics before = statistics_of(m);
  m.values[3 * 8000 + 1] = std::numeric_limits<float>::quiet_NaN();
  CmvnStatistics s = before;
  CHECK_THROWS_WITH_AS(s.add(m.rows()), doctest::Contains("frame 8000, channel 1 is nan"), DataError);
  CHECK(s.frames == before.frames);
  CHECK(s.sums == before.sums);
  std::vector<float> out(m.values.size());
  const FeatureRows sliding = apply_sliding_cmvn(m.rows(), {});
  CHECK_THROWS_WITH_AS(sliding.read(0, 9000, out.data()), doctest::Contains("frame 8000, channel 1 is nan"),
                       DataError);

  const FeatureMatrix wide = noise_features(10, 4, 6);
  CHECK_THROWS_WITH_AS(s.add(wide.rows()), doctest::Contains("4 channels"), DataError);
  CHECK_THROWS_WITH_AS(apply_cmvn(wide.rows(), s, false), doctest::Contains("statistics are of 3"),
                       DataError);
  const CmvnStatistics none{0.0, std::vector<double>(4), std::vector<double>(4)};
  CHECK_THROWS_WITH_AS(apply_cmvn(wide.rows(), none, false), doctest::Contains("no frame"), DataError);
}
