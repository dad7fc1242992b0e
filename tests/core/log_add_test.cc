#include "wav2vec/core/log_add.h"

#include <doctest/doctest.h>

using namespace wav2vec;

TEST_CASE("log add: sums of probabilities, however small") {
  CHECK(std::exp(log_add(std::log(0.25), std::log(0.5))) == doctest::Approx(0.75));
  CHECK(log_add(-5000.0, -5000.0) == doctest::Approx(-5000.0 + std::log(2.0)));
  CHECK(log_add(-3.0, -5000.0) == -3.0);
  CHECK(log_add(kLogZero, -3.0) == -3.0);
  CHECK(log_add(-3.0, kLogZero) == -3.0);
  CHECK(log_add(kLogZero, kLogZero) == kLogZero);
}
