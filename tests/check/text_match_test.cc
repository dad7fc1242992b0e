// Scores become probabilities: calibrated, whatever the recording is like.

#include "wav2vec/check/text_match.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "wav2vec/core/rng.h"
#include "wav2vec/measure/ranking.h"

using namespace wav2vec;

namespace {

/// Scores as a recording might have them: chance at `mean`, spoken texts `lift` above it.
struct Simulation {
  double mean = -0.4;
  double deviation = 0.5;
  double lift = 1.2;
  double share = 0.9;
  int64_t texts = 100;
  uint64_t seed = 1;
};

struct Simulated {
  std::vector<MatchScore> scores;
  std::vector<bool> spoken;
  std::vector<MatchScore> impostors;
};

Simulated simulate(const Simulation& s) {
  Simulated out;
  const RandomStream random(s.seed, RandomUse::crop, {});
  uint64_t draw = 0;
  const auto uniform = [&] { return std::max(random.uniform(draw++), 1e-12); };
  const auto normal = [&] {
    const double radius = std::sqrt(-2.0 * std::log(uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * uniform());
  };
  const auto score = [&](double lift) {
    const auto letters = static_cast<int64_t>(8.0 + 40.0 * uniform());
    const auto n = static_cast<double>(letters);
    // Fewer letters lift less.
    return MatchScore{s.mean - 4.0 / n + lift * (1.0 - 3.0 / n) + s.deviation * normal(), letters};
  };
  for (int64_t i = 0; i < s.texts; ++i) {
    out.spoken.push_back(uniform() < s.share);
    out.scores.push_back(score(out.spoken.back() ? s.lift : 0.0));
  }
  for (int i = 0; i < 300; ++i) out.impostors.push_back(score(0.0));
  return out;
}

}  // namespace

TEST_CASE("chance: its mean and variance are those of the impostors") {
  const Simulated file = simulate({.mean = 0.1, .deviation = 0.4});
  const ChanceScores chance = fit_chance(file.impostors);
  CHECK(chance.mean_of(20) == doctest::Approx(0.1 - 4.0 / 20).epsilon(0.1).scale(1.0));
  CHECK(chance.variance_of(20) == doctest::Approx(0.16).epsilon(0.05).scale(1.0));
  // Without any, what is usual.
  CHECK(fit_chance({}).mean_of(20) < 0.0);
  CHECK(fit_chance({}).variance_of(20) > 0.0);
}

TEST_CASE("chance: texts of a word or two do not say what longer ones get") {
  Simulated file = simulate({.mean = 0.1, .deviation = 0.4});
  const RandomStream random(7, RandomUse::crop, {});
  for (uint64_t i = 0; i < 300; ++i) {
    const auto letters = static_cast<int64_t>(1 + i % 4);
    // As heads score them: anything between much lower and much higher.
    file.impostors.push_back({8.0 * random.uniform(i) - 3.0, letters});
  }
  const ChanceScores chance = fit_chance(file.impostors);
  CHECK(chance.mean_of(20) == doctest::Approx(0.1 - 4.0 / 20).epsilon(0.15).scale(1.0));
}

TEST_CASE("match: probabilities mean what they say in easy and in hard recordings") {
  struct Case {
    double lift;
    double error;  ///< where spoken texts hardly score higher, their share is not well known
  };
  for (const double mean : {-0.6, 0.3}) {
    for (const Case& c : {Case{0.7, 0.08}, Case{1.2, 0.06}, Case{1.7, 0.04}}) {
      for (const double share : {0.1, 0.5, 0.95}) {
        std::vector<ScoredItem> items;
        for (uint64_t seed = 1; seed <= 20; ++seed) {
          const Simulated file = simulate({.mean = mean, .lift = c.lift, .share = share, .seed = seed});
          const TextMatch match = match_texts(file.scores, fit_chance(file.impostors));
          for (size_t i = 0; i < file.scores.size(); ++i)
            items.push_back({match.probabilities[i], file.spoken[i], std::to_string(seed)});
        }
        CAPTURE(mean);
        CAPTURE(c.lift);
        CAPTURE(share);
        CHECK(calibration_error(items) < c.error);
      }
    }
  }
}

TEST_CASE("match: whether the texts are this recording's") {
  for (const double lift : {0.8, 1.6}) {
    const Simulated own = simulate({.lift = lift, .share = 1.0, .texts = 40});
    const TextMatch right = match_texts(own.scores, fit_chance(own.impostors));
    CHECK(right.probably_own > 0.99);
    CHECK(right.share > 0.9);
    const Simulated other = simulate({.lift = lift, .share = 0.0, .texts = 40});
    const TextMatch wrong = match_texts(other.scores, fit_chance(other.impostors));
    CHECK(wrong.probably_other > 0.8);
  }
  // A handful of texts that may be either says so.
  const Simulated few = simulate({.lift = 0.4, .share = 1.0, .texts = 3});
  const TextMatch unsure = match_texts(few.scores, fit_chance(few.impostors));
  CHECK(unsure.probably_other < 0.8);
}

TEST_CASE("match: a text without letters is as probable as the others are") {
  Simulated file = simulate({.share = 0.95, .texts = 60});
  file.scores.push_back({});
  const TextMatch match = match_texts(file.scores, fit_chance(file.impostors));
  CHECK(match.probabilities.back() == doctest::Approx(match.share).epsilon(1e-6));
  CHECK(match_texts({}, {}).probabilities.empty());
}
