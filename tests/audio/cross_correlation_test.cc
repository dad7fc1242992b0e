#include "wav2vec/audio/cross_correlation.h"

#include <doctest/doctest.h>

#include "wav2vec/core/rng.h"

using namespace wav2vec;

TEST_CASE("cross-correlation: what the sum says, also where the signals do not overlap") {
  const RandomStream random(5, RandomUse::crop, {});
  std::vector<float> a(9000);
  std::vector<float> b(4001);
  for (size_t i = 0; i < a.size(); ++i) a[i] = static_cast<float>(random.uniform(i) - 0.5);
  for (size_t i = 0; i < b.size(); ++i) b[i] = static_cast<float>(random.uniform(100'000 + i) - 0.5);
  constexpr int64_t kFirst = -4100;
  constexpr int64_t kLast = 9050;
  const std::vector<float> found = cross_correlation(a, b, kFirst, kLast);
  REQUIRE(std::ssize(found) == kLast - kFirst + 1);
  for (const int64_t lag : {kFirst, int64_t{-4001}, int64_t{-4000}, int64_t{-17}, int64_t{0}, int64_t{1234},
                            int64_t{5500}, int64_t{8999}, int64_t{9000}, kLast}) {
    double sum = 0.0;
    for (int64_t i = 0; i < std::ssize(b); ++i) {
      if (i + lag >= 0 && i + lag < std::ssize(a))
        sum += static_cast<double>(a[static_cast<size_t>(i + lag)]) * b[static_cast<size_t>(i)];
    }
    CAPTURE(lag);
    CHECK(found[static_cast<size_t>(lag - kFirst)] == doctest::Approx(sum).epsilon(1e-3).scale(1.0));
  }
  CHECK(cross_correlation({}, b, -1, 1) == std::vector<float>(3, 0.0F));
}
