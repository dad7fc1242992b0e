#include "wav2vec/config/objective_config.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

namespace wav2vec {
namespace {

TEST_CASE("chance and constant prior of binary cross-entropy with ten negatives") {
  const ObjectiveConfig config;
  CHECK(chance_bits(config) == 11.0);
  CHECK(constant_prior_bits(config) == doctest::Approx(4.834).epsilon(1e-4));

  ObjectiveConfig labels = config;
  labels.divisor = LossDivisor::labels;
  CHECK(chance_bits(labels) == doctest::Approx(1.0));
  CHECK(constant_prior_bits(labels) == doctest::Approx(constant_prior_bits(config) / 11.0));
}

TEST_CASE("chance of InfoNCE is log2 of the copies, and no constant does better") {
  ObjectiveConfig config;
  config.loss = ContrastiveLoss::infonce;
  CHECK(chance_bits(config) == doctest::Approx(std::log2(11.0)));
  CHECK(constant_prior_bits(config) == chance_bits(config));
  config.cross_sample_negatives = 5;
  CHECK(chance_bits(config) == doctest::Approx(4.0));
}

TEST_CASE("the constant prior is the lowest loss of any constant logit") {
  for (const bool balanced : {false, true}) {
    for (const int64_t negatives : {1, 3, 10, 100}) {
      ObjectiveConfig config;
      config.negatives = negatives;
      config.balanced_classes = balanced;
      const double weight = balanced ? 1.0 : static_cast<double>(negatives);
      double lowest = 1e9;
      for (double logit = -10.0; logit <= 10.0; logit += 0.001) {
        const double p = 1.0 / (1.0 + std::exp(-logit));
        lowest = std::min(lowest, -std::log2(p) - weight * std::log2(1.0 - p));
      }
      CHECK(constant_prior_bits(config) == doctest::Approx(lowest).epsilon(1e-6));
      CHECK(chance_bits(config) == doctest::Approx(1.0 + weight));
    }
  }
}

TEST_CASE("the automatic offset keeps the positive clear of its context frame") {
  CHECK(prediction_offset(ObjectiveConfig(), ModelConfig()) == 3);  // ceil(465 / 160)
  ObjectiveConfig fixed;
  fixed.prediction_offset = 1;
  CHECK(prediction_offset(fixed, ModelConfig()) == 1);
}

TEST_CASE("objectives without negatives are refused") {
  ObjectiveConfig config;
  config.negatives = 0;
  CHECK_THROWS_AS(config.validate(), ConfigError);
  config.cross_sample_negatives = 2;
  CHECK_NOTHROW(config.validate());
  config.balanced_classes = true;
  config.loss = ContrastiveLoss::infonce;
  CHECK_THROWS_AS(config.validate(), ConfigError);
}

}  // namespace
}  // namespace wav2vec
