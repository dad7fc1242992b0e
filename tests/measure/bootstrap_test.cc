#include "wav2vec/measure/bootstrap.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "wav2vec/core/rng.h"

namespace wav2vec {
namespace {

using Groups = std::vector<GroupCounts>;

double normal(const RandomStream& random, uint64_t position) {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - random.uniform(2 * position)));
  return radius * std::cos(2.0 * std::numbers::pi * random.uniform(2 * position + 1));
}

/// Speakers of 100 units whose error rates are normal with the given mean and spread.
Groups speakers(uint64_t seed, int64_t count, double mean, double spread) {
  const RandomStream random(seed, RandomUse::shuffle, {});
  Groups groups;
  for (int64_t i = 0; i < count; ++i)
    groups.push_back({100.0 * (mean + spread * normal(random, static_cast<uint64_t>(i))), 100.0});
  return groups;
}

bool same(const Interval& a, const Interval& b) {
  return a.value == b.value && a.low == b.low && a.high == b.high;
}

TEST_CASE("bootstrap: the rate is that of the sums, inside of its interval") {
  const Groups groups{{1, 10}, {30, 60}, {5, 30}};
  const Interval interval = bootstrap_rate(groups);
  CHECK(interval.value == doctest::Approx(0.36));
  // Three groups have 10 resamples that differ; the extremes are the lowest and the highest group alone,
  // at a probability of 1/27 each, which is more than 2.5 %.
  CHECK(interval.low == doctest::Approx(0.1));
  CHECK(interval.high == doctest::Approx(0.5));
  CHECK(bootstrap_rate(groups, {.coverage = 0.5}).low > 0.1);
}

TEST_CASE("bootstrap: deterministic, and the seed matters") {
  const Groups groups = speakers(3, 12, 0.3, 0.1);
  CHECK(same(bootstrap_rate(groups), bootstrap_rate(groups)));
  CHECK_FALSE(same(bootstrap_rate(groups), bootstrap_rate(groups, {.seed = 2})));
  CHECK(bootstrap_rate(groups).low == doctest::Approx(bootstrap_rate(groups, {.seed = 2}).low).epsilon(0.02));
}

TEST_CASE("bootstrap: as wide as the spread of the mean") {
  const Groups groups = speakers(5, 400, 0.3, 0.1);
  const Interval interval = bootstrap_rate(groups, {.resamples = 4000});
  // ± 1.96 · 0.1 / √400
  CHECK((interval.high - interval.low) / 2.0 == doctest::Approx(0.0098).epsilon(0.1));
}

TEST_CASE("bootstrap: about 95 % of the intervals hold the truth") {
  int64_t held = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    const Interval interval = bootstrap_rate(speakers(seed, 40, 0.3, 0.1), {.resamples = 500});
    held += interval.low <= 0.3 && 0.3 <= interval.high ? 1 : 0;
  }
  // Percentile intervals of 40 groups are a little narrow: 93 to 95 % are expected, ± 1.4 of one deviation.
  CHECK(held > 270);
  CHECK(held < 300);
}

TEST_CASE("bootstrap: groups, not utterances, are drawn") {
  // 50 utterances each of two speakers who differ: drawn as utterances the interval would be ± 0.1.
  std::vector<std::string> group_of;
  std::vector<ErrorCounts> counts;
  for (int64_t i = 0; i < 100; ++i) {
    group_of.push_back(i % 2 == 0 ? "b" : "a");
    counts.push_back({.substitutions = i % 2 == 0 ? 1 : 9, .reference = 10});
  }
  const Groups groups = sum_by_group(group_of, counts);
  CHECK(groups == Groups{{450, 500}, {50, 500}});
  const Interval interval = bootstrap_rate(groups);
  CHECK(interval.low == doctest::Approx(0.1));
  CHECK(interval.high == doctest::Approx(0.9));
}

TEST_CASE("bootstrap: pairs show a gain that the spread of speakers hides") {
  const Groups baseline = speakers(7, 30, 0.4, 0.15);
  Groups system = baseline;
  const RandomStream random(8, RandomUse::shuffle, {});
  for (size_t i = 0; i < system.size(); ++i) system[i].errors -= 3.0 + normal(random, i);
  const Comparison comparison = bootstrap_comparison(baseline, system);
  CHECK(comparison.difference.excludes(0.0));
  CHECK(comparison.difference.high < 0.0);
  CHECK(comparison.difference.value == doctest::Approx(-0.03).epsilon(0.2));
  CHECK(comparison.relative_reduction.low > 0.0);
  CHECK(comparison.relative_reduction.value == doctest::Approx(0.075).epsilon(0.3));
  CHECK(comparison.share_better == 1.0);
  const Interval alone = bootstrap_rate(system);
  CHECK(alone.high > bootstrap_rate(baseline).value);

  // Exchanged, the difference changes its sign; equal systems differ by nothing.
  const Comparison back = bootstrap_comparison(system, baseline);
  CHECK(back.difference.low == doctest::Approx(-comparison.difference.high));
  CHECK(back.share_better == 0.0);
  const Comparison equal = bootstrap_comparison(baseline, baseline);
  CHECK(equal.difference.low == 0.0);
  CHECK(equal.difference.high == 0.0);
  CHECK_FALSE(equal.difference.excludes(0.0));
}

TEST_CASE("bootstrap: no interval from one group, nor from nothing") {
  const Interval one = bootstrap_rate(Groups{{1, 4}});
  CHECK(one.value == doctest::Approx(0.25));
  CHECK(std::isnan(one.low));
  CHECK(std::isnan(one.high));
  CHECK_FALSE(one.excludes(0.0));
  CHECK(std::isnan(bootstrap_rate(Groups{}).value));
  CHECK(std::isnan(bootstrap_rate(Groups{{0, 0}, {0, 0}}).low));
  // A baseline without errors cannot be reduced.
  const Comparison comparison = bootstrap_comparison(Groups{{0, 4}, {0, 5}}, Groups{{1, 4}, {0, 5}});
  CHECK(std::isnan(comparison.relative_reduction.value));
  CHECK(comparison.difference.value == doctest::Approx(1.0 / 9.0));
}

}  // namespace
}  // namespace wav2vec
