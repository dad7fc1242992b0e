#include "wav2vec/train/schedule.h"

#include <doctest/doctest.h>

using namespace wav2vec;

TEST_CASE("schedule: every kind warms up linearly to the peak") {
  for (const ScheduleKind kind : {ScheduleKind::cosine, ScheduleKind::tri_stage, ScheduleKind::constant}) {
    OptimConfig config;
    config.schedule = kind;
    CHECK(learning_rate_at(config, 10000, 0) == doctest::Approx(1e-7));
    CHECK(learning_rate_at(config, 10000, 250) == doctest::Approx(0.5 * (5e-3 + 1e-7)));
    CHECK(learning_rate_at(config, 10000, 500) == doctest::Approx(5e-3));
  }
}

TEST_CASE("schedule: tri_stage holds, then decays exponentially to the end") {
  OptimConfig config;
  config.schedule = ScheduleKind::tri_stage;
  config.hold_updates = 1000;
  config.learning_rate = 1e-3;
  config.min_learning_rate = 1e-5;
  CHECK(learning_rate_at(config, 10000, 1499) == doctest::Approx(1e-3));
  CHECK(learning_rate_at(config, 10000, 5750) == doctest::Approx(1e-4));  // half of the decay, in logarithms
  CHECK(learning_rate_at(config, 10000, 10000) == doctest::Approx(1e-5));
  CHECK(learning_rate_at(config, 10000, 20000) == doctest::Approx(1e-5));
}

TEST_CASE("schedule: no warm-up, and a run shorter than its warm-up, stay finite and positive") {
  OptimConfig config;
  config.warmup_updates = 0;
  CHECK(learning_rate_at(config, 100, 0) == doctest::Approx(5e-3));
  config.warmup_updates = 500;
  for (int64_t update = 0; update < 700; update += 50) {
    const double rate = learning_rate_at(config, 100, update);
    CHECK(rate > 0.0);
    CHECK(rate <= 5e-3);
  }
}
