#include "wav2vec/train/collapse_alarm.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "wav2vec/core/rng.h"
#include "wav2vec/train/outlier_detector.h"

using namespace wav2vec;

namespace {

const CollapseAlarmConfig kBce{.chance_bits = 11.0, .constant_prior_bits = 4.834, .warmup_updates = 200};

/// A measured healthy run: 11 -> 4.72 at 200 -> 4.16 at 600 -> 3.89 bits at 1463, with noise.
double healthy_loss(int64_t update) {
  const std::vector<std::pair<double, double>> knots{
      {0, 11.0}, {100, 5.0}, {200, 4.72}, {600, 4.16}, {1463, 3.89}};
  const auto x = static_cast<double>(update);
  double loss = knots.back().second;
  for (size_t i = 1; i < knots.size(); ++i) {
    if (x > knots[i].first) continue;
    const double share = (x - knots[i - 1].first) / (knots[i].first - knots[i - 1].first);
    loss = knots[i - 1].second + share * (knots[i].second - knots[i - 1].second);
    break;
  }
  const RandomStream stream(1, RandomUse::crop, {});
  return loss + 0.1 * (stream.uniform(static_cast<uint64_t>(update)) - 0.5);
}

FeatureStatistics healthy_features() {
  return {
      .frames = 4000, .channels = 512, .standard_deviation = 0.4, .dead_channels = 3, .effective_rank = 80};
}

std::vector<std::string> alarms_of(const CollapseAlarmConfig& config, int64_t last,
                                   const std::function<CollapseReading(int64_t)>& reading) {
  CollapseAlarm alarm(config);
  std::vector<std::string> messages;
  for (int64_t update = 0; update <= last; update += 20) {
    CollapseReading r = reading(update);
    r.update = update;
    if (const auto message = alarm.check(r)) messages.push_back(*message);
  }
  return messages;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a healthy run raises no alarm") {
  CHECK(alarms_of(kBce, 1460, [](int64_t update) {
          return CollapseReading{.loss_bits = healthy_loss(update),
                                 .accuracy = 0.3,
                                 .gradient_norm = 1.5,
                                 .z = healthy_features(),
                                 .c = healthy_features()};
        }).empty());
}

TEST_CASE("missing numbers raise no alarm") {
  CHECK(alarms_of(kBce, 2000, [](int64_t) { return CollapseReading{}; }).empty());
  const FeatureStatistics unknown{.frames = 0,
                                  .channels = 512,
                                  .standard_deviation = std::nan(""),
                                  .dead_channels = 0,
                                  .effective_rank = std::nan("")};
  CHECK(alarms_of(kBce, 2000, [&](int64_t) { return CollapseReading{.z = unknown, .c = unknown}; }).empty());
}

TEST_CASE("a loss that sits on the constant-prior line is told once, after the patience") {
  CollapseAlarm alarm(kBce);
  int64_t told_at = -1;
  std::string told;
  for (int64_t update = 0; update <= 3000; update += 20) {
    const auto message = alarm.check({.update = update, .loss_bits = 4.83, .accuracy = 0.09});
    if (!message) continue;
    CHECK(told_at == -1);
    told_at = update;
    told = *message;
  }
  CHECK(told_at == 700);  // 200 of warm-up, 500 of patience
  CHECK(told ==
        "collapse? loss 4.830 bits has stayed within 0.02 of the constant-prior line 4.834 for 500 updates: "
        "the "
        "model does not look at the audio (accuracy 0.09)");
}

TEST_CASE("an excursion from the line starts the patience anew, and a second collapse is told again") {
  const auto messages = alarms_of(kBce, 4000, [](int64_t update) {
    const bool away = update % 400 == 0 ? update < 2000 : update > 2600 && update < 2800;
    return CollapseReading{.loss_bits = away ? 4.5 : 4.84};
  });
  REQUIRE(messages.size() == 2);
}

TEST_CASE("a loss at or above chance is told") {
  for (double loss : {11.0, 25.0}) {
    const auto messages = alarms_of(kBce, 2000, [&](int64_t) { return CollapseReading{.loss_bits = loss}; });
    REQUIRE(messages.size() == 1);
    CHECK(contains(messages[0], "at or above chance (11.00)"));
  }
  // InfoNCE: both lines are one.
  const double line = std::log2(11.0);
  const auto messages = alarms_of({.chance_bits = line, .constant_prior_bits = line}, 2000,
                                  [&](int64_t) { return CollapseReading{.loss_bits = line}; });
  REQUIRE(messages.size() == 1);
  CHECK(contains(messages[0], "chance (3.46)"));
}

TEST_CASE("a gradient of zero is told at once") {
  const auto messages = alarms_of(kBce, 100, [](int64_t update) {
    return CollapseReading{.loss_bits = 5.0, .gradient_norm = update >= 40 ? 0.0 : 1.0};
  });
  CHECK(messages == std::vector<std::string>{"collapse? gradient norm 0: nothing is learned"});
}

TEST_CASE("an accuracy that ties explain is told") {
  const auto messages =
      alarms_of(kBce, 400, [](int64_t) { return CollapseReading{.loss_bits = 4.9, .accuracy = 1.0}; });
  REQUIRE(messages.size() == 1);
  CHECK(contains(messages[0], "are equal logits counted as hits?"));
}

TEST_CASE("collapsed features are told with their numbers") {
  FeatureStatistics dead = healthy_features();
  dead.dead_channels = 480;
  FeatureStatistics flat = healthy_features();
  flat.effective_rank = 1.3;
  flat.standard_deviation = 2e-6;
  const auto messages =
      alarms_of(kBce, 600, [&](int64_t) { return CollapseReading{.loss_bits = 4.5, .z = dead, .c = flat}; });
  CHECK(messages ==
        std::vector<std::string>{"collapse? z: 480 of 512 channels are constant; c: effective rank 1.3 "
                                 "of 512; c: mean standard deviation 2e-06"});
}

TEST_CASE("a jump is an outlier, ordinary noise and a falling curve are not") {
  OutlierDetector detector("loss");
  for (int64_t update = 0; update <= 1460; ++update) CHECK_FALSE(detector.check(healthy_loss(update)));
  const auto message = detector.check(9.0);
  REQUIRE(message);
  CHECK(contains(*message, "loss 9 is "));
  CHECK(contains(*message, "above its recent mean 3.9"));
  CHECK(detector.check(9.0));  // one outlier does not hide the next
  CHECK_FALSE(detector.check(std::nan("")));
  CHECK_FALSE(detector.check(3.9));
}

TEST_CASE("the gradient norm is judged as a ratio") {
  OutlierDetector detector("gradient norm", {.least_deviation = 0.1, .logarithmic = true});
  const RandomStream stream(3, RandomUse::crop, {});
  for (uint64_t i = 0; i < 500; ++i) CHECK_FALSE(detector.check(std::exp(0.6 * (stream.uniform(i) - 0.5))));
  CHECK_FALSE(detector.check(1.6));
  CHECK(detector.check(50.0));
  CHECK_FALSE(detector.check(0.0));
}
