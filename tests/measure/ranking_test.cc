#include "wav2vec/measure/ranking.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace wav2vec;

TEST_CASE("ranking: the share of pairs in the right order, ties by halves") {
  const std::vector<ScoredItem> items{{3.0, true}, {2.0, false}, {2.0, true}, {1.0, false}};
  CHECK(area_under_curve(items) == doctest::Approx((2.0 + 0.5 + 1.0) / 4.0));
  const std::vector<ScoredItem> one_kind{{3.0, true}, {2.0, true}};
  CHECK(std::isnan(area_under_curve(one_kind)));
}

TEST_CASE("ranking: the interval is that of drawn groups, the same each time") {
  std::vector<ScoredItem> items;
  for (int i = 0; i < 60; ++i) {
    const std::string group = std::to_string(i % 6);
    items.push_back({std::sin(3.0 * i) + 0.8, true, group});
    items.push_back({std::sin(5.0 * i), false, group});
  }
  const Interval interval = bootstrap_area_under_curve(items, {.resamples = 300});
  CHECK(interval.value == area_under_curve(items));
  CHECK(interval.low < interval.value);
  CHECK(interval.high > interval.value);
  CHECK(bootstrap_area_under_curve(items, {.resamples = 300}).low == interval.low);
  for (ScoredItem& item : items) item.group = "one";
  CHECK(std::isnan(bootstrap_area_under_curve(items).low));
}

TEST_CASE("calibration error: what is said against what is so") {
  std::vector<ScoredItem> items;
  for (int i = 0; i < 10; ++i) items.push_back({0.9, i < 9});
  CHECK(calibration_error(items) == doctest::Approx(0.0));
  for (ScoredItem& item : items) item.score = 0.5;
  CHECK(calibration_error(items) == doctest::Approx(0.4));
  const std::vector<ScoredItem> surely_wrong{{1.0, false}, {0.0, true}};
  CHECK(calibration_error(surely_wrong) == doctest::Approx(1.0));
}

TEST_CASE("recall at false alarms: what lies below the first right one that may not be an alarm") {
  const std::vector<ScoredItem> items{{0.1, false}, {0.2, true}, {0.3, false}, {0.4, true},
                                      {0.4, false}, {0.5, true}, {0.6, false}};
  CHECK(recall_at_false_alarms(items, 0) == doctest::Approx(0.25));
  CHECK(recall_at_false_alarms(items, 1) == doctest::Approx(0.5));
  CHECK(recall_at_false_alarms(items, 2) == doctest::Approx(0.75));
  CHECK(recall_at_false_alarms(items, 3) == doctest::Approx(1.0));
  CHECK(std::isnan(recall_at_false_alarms({}, 0)));
}
