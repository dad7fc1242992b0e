#include "wav2vec/core/rng.h"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <set>

namespace wav2vec {
namespace {

TEST_CASE("a value is a function of seed, use, coordinates and position") {
  const RandomStream stream(7, RandomUse::crop, {1, 2});
  const uint64_t forward = stream.bits(0);
  const uint64_t later = stream.bits(1000);
  CHECK(stream.bits(1000) == later);  // in any order, any number of times
  CHECK(stream.bits(0) == forward);
  CHECK(RandomStream(7, RandomUse::crop, {1, 2}).bits(1000) == later);
}

TEST_CASE("these values never change: runs resume with them") {
  const RandomStream stream(1, RandomUse::negatives, {3, 4, 5});
  CHECK(stream.bits(0) == 0x4023CBF2065E6EE9ULL);
  CHECK(stream.bits(1) == 0x344B5EAB41F82C5CULL);
  CHECK(stream.below(2, 1000) == 843);
}

TEST_CASE("seed, use, coordinates and their order all make another stream") {
  std::set<uint64_t> first;
  int streams = 0;
  for (const uint64_t seed : {0, 1, 2}) {
    for (const RandomUse use : {RandomUse::initial_weights, RandomUse::shuffle, RandomUse::crop,
                                RandomUse::negatives, RandomUse::dropout, RandomUse::split}) {
      for (const auto& stream :
           {RandomStream(seed, use, {}), RandomStream(seed, use, {0}), RandomStream(seed, use, {0, 0}),
            RandomStream(seed, use, {1}), RandomStream(seed, use, {0, 1}), RandomStream(seed, use, {1, 0})}) {
        first.insert(stream.bits(0));
        ++streams;
      }
    }
  }
  CHECK(first.size() == static_cast<size_t>(streams));
}

TEST_CASE("below() is in range and fair") {
  const RandomStream stream(5, RandomUse::shuffle, {});
  for (const uint64_t count : {1ULL, 2ULL, 3ULL, 10ULL, 1ULL << 40, ~0ULL}) {
    for (uint64_t i = 0; i < 1000; ++i) REQUIRE(stream.below(i, count) < count);
  }
  constexpr uint64_t kDraws = 70000;
  std::array<double, 7> hits{};
  for (uint64_t i = 0; i < kDraws; ++i) hits[stream.below(i, hits.size())] += 1.0;
  double chi_square = 0.0;
  for (const double n : hits) chi_square += std::pow(n - 10000.0, 2) / 10000.0;
  CHECK(chi_square < 22.5);  // 6 degrees of freedom, p = 0.001
}

TEST_CASE("uniform() fills 0 to 1 evenly and without correlation of neighbours") {
  const RandomStream stream(6, RandomUse::dropout, {});
  constexpr int kDraws = 100000;
  double sum = 0.0;
  double squares = 0.0;
  double neighbours = 0.0;
  for (uint64_t i = 0; i < kDraws; ++i) {
    const double u = stream.uniform(i);
    REQUIRE(u >= 0.0);
    REQUIRE(u < 1.0);
    sum += u;
    squares += u * u;
    neighbours += (u - 0.5) * (stream.uniform(i + 1) - 0.5);
  }
  CHECK(sum / kDraws == doctest::Approx(0.5).epsilon(0.01));
  CHECK(squares / kDraws == doctest::Approx(1.0 / 3.0).epsilon(0.01));
  CHECK(std::abs(neighbours / kDraws) < 0.001);
}

}  // namespace
}  // namespace wav2vec
