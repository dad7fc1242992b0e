// The right text against wrong ones on one audio.

#include "wav2vec/align/match_loss.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "wav2vec/align/alignment_loss.h"
#include "wav2vec/core/rng.h"

using namespace wav2vec;

namespace {

constexpr int64_t kFrames = 7;
constexpr int64_t kSounds = 5;
constexpr double kTemperature = 0.3;

std::vector<float> random_logits(int64_t count, uint64_t seed) {
  std::vector<float> logits;
  const RandomStream random(seed, RandomUse::crop, {});
  for (int64_t i = 0; i < count; ++i)
    logits.push_back(static_cast<float>(4.0 * random.uniform(static_cast<uint64_t>(i)) - 2.0));
  return logits;
}

/// An audio and texts of some letters, with room for their gradients.
struct Contest {
  std::vector<float> frames = random_logits(kFrames * kSounds, 1);
  std::vector<float> log_priors{-1.0F, -2.0F, -1.5F, -3.0F, -1.2F};
  std::vector<std::vector<float>> letters;
  std::vector<std::vector<ChainState>> chains;
  std::vector<float> dframes = std::vector<float>(frames.size());
  std::vector<double> dlog_priors = std::vector<double>(kSounds);
  std::vector<std::vector<float>> dletters;

  explicit Contest(const std::vector<int64_t>& counts) {
    for (const int64_t count : counts) {
      letters.push_back(random_logits(count * kSounds, 10 + letters.size()));
      dletters.emplace_back(letters.back().size());
      std::vector<ChainState> chain;
      for (int64_t i = 0; i < count; ++i) chain.push_back({.letter = i});
      chain.front().optional = count > 1;
      chains.push_back(chain);
    }
  }

  MatchLoss loss(double scale) {
    std::vector<MatchText> texts;
    for (size_t i = 0; i < letters.size(); ++i)
      texts.push_back({letters[i].data(), dletters[i].data(), std::ssize(chains[i]), chains[i]});
    return match_loss({frames.data(), dframes.data(), dlog_priors.data(), kFrames, kSounds}, texts,
                      log_priors, kTemperature, scale);
  }

  double alignment(size_t i) const {
    return alignment_loss({.frames = frames.data(),
                           .letters = letters[i].data(),
                           .frame_count = kFrames,
                           .letter_count = std::ssize(chains[i]),
                           .sounds = kSounds},
                          chains[i], log_priors);
  }
};

bool all_zero(const std::vector<float>& values) {
  return std::ranges::all_of(values, [](float v) { return v == 0.0F; });
}

}  // namespace

TEST_CASE("match loss: softmax cross-entropy of the losses per frame over the temperature") {
  Contest contest({3, 4, 2});
  const MatchLoss found = contest.loss(1.0);
  double sum = 0.0;
  for (size_t i = 0; i < 3; ++i) sum += std::exp(-contest.alignment(i) / kFrames / kTemperature);
  const double right = std::exp(-contest.alignment(0) / kFrames / kTemperature);
  CHECK(found.texts == 3);
  CHECK(found.nats == doctest::Approx(-std::log(right / sum)));
  CHECK(found.right_is_best ==
        (contest.alignment(0) < contest.alignment(1) && contest.alignment(0) < contest.alignment(2)));
}

TEST_CASE("match loss: its gradients are those of the loss, in frames, letters of every text and priors") {
  Contest contest({3, 4, 2});
  const double scale = 2.5;
  contest.loss(scale);
  Contest other({3, 4, 2});  // its gradients are not looked at
  const auto check = [&](auto& logits, const auto& gradient) {
    for (size_t i = 0; i < logits.size(); ++i) {
      const float kept = logits[i];
      const float step = 1e-2F;
      logits[i] = kept + step;
      const double above = other.loss(0.0).nats;
      logits[i] = kept - step;
      const double below = other.loss(0.0).nats;
      logits[i] = kept;
      CHECK(gradient[i] == doctest::Approx(scale * (above - below) / (2.0 * step)).epsilon(5e-3).scale(1.0));
    }
  };
  check(other.frames, contest.dframes);
  check(other.log_priors, contest.dlog_priors);
  for (size_t i = 0; i < 3; ++i) {
    CHECK_FALSE(all_zero(contest.dletters[i]));
    check(other.letters[i], contest.dletters[i]);
  }
}

TEST_CASE("match loss: gradients are added to what is there") {
  Contest once({3, 4});
  once.loss(1.0);
  Contest twice({3, 4});
  twice.loss(1.0);
  twice.loss(1.0);
  for (size_t i = 0; i < once.dframes.size(); ++i)
    CHECK(twice.dframes[i] == doctest::Approx(2.0F * once.dframes[i]));
  CHECK(twice.dlog_priors[1] == doctest::Approx(2.0 * once.dlog_priors[1]));
  CHECK(twice.dletters[1][2] == doctest::Approx(2.0F * once.dletters[1][2]));
}

TEST_CASE("match loss: a text that does not fit does not count, and without a right one there is no loss") {
  Contest some({3, 40, 4});
  Contest without({3, 4});
  without.letters[1] = some.letters[2];
  CHECK(some.loss(1.0).texts == 2);
  CHECK(some.loss(1.0).nats == doctest::Approx(without.loss(1.0).nats));
  CHECK(all_zero(some.dletters[1]));
  for (const std::vector<int64_t>& counts : {std::vector<int64_t>{40, 3}, std::vector<int64_t>{3, 40}}) {
    Contest none(counts);
    const MatchLoss found = none.loss(1.0);
    CHECK(found.texts < 2);
    CHECK(found.nats == 0.0);
    CHECK(all_zero(none.dframes));
    CHECK(all_zero(none.dletters[0]));
    CHECK(all_zero(none.dletters[1]));
  }
}

TEST_CASE("match loss: equal texts share the probability and move nothing apart from each other") {
  Contest contest({3, 3});
  contest.letters[1] = contest.letters[0];
  const MatchLoss found = contest.loss(1.0);
  CHECK(found.nats == doctest::Approx(std::log(2.0)));
  CHECK_FALSE(found.right_is_best);
  CHECK(std::ranges::all_of(contest.dframes, [](float g) { return std::abs(g) < 1e-6F; }));
}
