// The loss and the best path of a chain against every path, one by one.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "wav2vec/align/chain_loss.h"
#include "wav2vec/align/chain_path.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/rng.h"

using namespace wav2vec;

namespace {

constexpr int64_t kClasses = 4;

std::vector<float> random_logits(int64_t frames, uint64_t seed) {
  std::vector<float> logits(static_cast<size_t>(frames * kClasses));
  const RandomStream random(seed, RandomUse::crop, {});
  for (size_t i = 0; i < logits.size(); ++i) logits[i] = static_cast<float>(4.0 * random.uniform(i) - 2.0);
  return logits;
}

std::vector<float> log_softmax(const std::vector<float>& logits) {
  std::vector<float> out(logits);
  for (size_t t = 0; t < out.size(); t += kClasses) {
    double sum = 0.0;
    for (size_t k = 0; k < kClasses; ++k) sum += std::exp(static_cast<double>(logits[t + k]));
    for (size_t k = 0; k < kClasses; ++k) out[t + k] = static_cast<float>(logits[t + k] - std::log(sum));
  }
  return out;
}

/// Every sequence of states that is a path.
void for_each_path(std::span<const ChainState> chain, int64_t frames,
                   const std::function<void(const std::vector<int64_t>&)>& visit) {
  std::vector<int64_t> path;
  const auto fits = [&](int64_t s) {
    const ChainState& state = chain[static_cast<size_t>(s)];
    const auto t = std::ssize(path);
    return t >= state.first_frame && t < state.end_frame;
  };
  const std::function<void()> extend = [&] {
    if (std::ssize(path) == frames) {
      const int64_t last = path.back();
      const auto count = std::ssize(chain);
      if (last == count - 1 || (last == count - 2 && chain.back().optional)) visit(path);
      return;
    }
    for (int64_t s = 0; s < std::ssize(chain); ++s) {
      const bool begins = path.empty() && (s == 0 || (s == 1 && chain[0].optional));
      const bool follows =
          !path.empty() && (s == path.back() || s == path.back() + 1 ||
                            (s == path.back() + 2 && chain[static_cast<size_t>(s - 1)].optional));
      if (!(begins || follows) || !fits(s)) continue;
      path.push_back(s);
      extend();
      path.pop_back();
    }
  };
  extend();
}

double path_score(const std::vector<float>& scores, std::span<const ChainState> chain,
                  const std::vector<int64_t>& path, float any_penalty = 0.0F) {
  double sum = 0.0;
  for (size_t t = 0; t < path.size(); ++t) {
    const int32_t token = chain[static_cast<size_t>(path[t])].token;
    const float* row = scores.data() + t * kClasses;
    sum += token == kAnyToken ? *std::max_element(row, row + kClasses) - any_penalty : row[token];
  }
  return sum;
}

const std::vector<std::vector<ChainState>>& chains() {
  static const std::vector<std::vector<ChainState>> all{
      {{.token = 2}},
      {{.token = 1, .optional = true}, {.token = 2}, {.token = 1, .optional = true}},
      {{.token = 1, .optional = true},
       {.token = 2},
       {.token = 1},
       {.token = 3},
       {.token = 1, .optional = true}},
      {{.token = 2, .first_frame = 0, .end_frame = 3},
       {.token = 1, .optional = true},
       {.token = 3, .first_frame = 2}},
      {{.token = 2}, {.token = 0}, {.token = 2, .first_frame = 4, .end_frame = 6}, {.token = 1}},
  };
  return all;
}

}  // namespace

TEST_CASE("chain loss: the sum over every path, divided by the priors") {
  const std::vector<float> priors{-0.5F, -2.0F, -1.0F, -3.0F};
  for (size_t c = 0; c < chains().size(); ++c) {
    CAPTURE(c);
    const auto& chain = chains()[c];
    const int64_t frames = 7;
    const std::vector<float> logits = random_logits(frames, c);
    std::vector<float> scores = log_softmax(logits);
    for (size_t i = 0; i < scores.size(); ++i) scores[i] -= priors[i % kClasses];
    double sum = 0.0;
    for_each_path(chain, frames, [&](const auto& path) { sum += std::exp(path_score(scores, chain, path)); });
    REQUIRE(sum > 0.0);
    CHECK(chain_loss(logits.data(), frames, kClasses, chain, priors, nullptr) ==
          doctest::Approx(-std::log(sum)).epsilon(1e-5));
  }
}

TEST_CASE("chain loss: its gradient is that of the loss") {
  const std::vector<float> priors{-0.5F, -2.0F, -1.0F, -3.0F};
  for (size_t c = 0; c < chains().size(); ++c) {
    CAPTURE(c);
    const auto& chain = chains()[c];
    const int64_t frames = 6;
    std::vector<float> logits = random_logits(frames, 10 + c);
    std::vector<float> gradient(logits.size());
    const double loss = chain_loss(logits.data(), frames, kClasses, chain, priors, gradient.data());
    for (size_t i = 0; i < logits.size(); ++i) {
      const float kept = logits[i];
      const float step = 1e-2F;
      logits[i] = kept + step;
      const double above = chain_loss(logits.data(), frames, kClasses, chain, priors, nullptr);
      logits[i] = kept - step;
      const double below = chain_loss(logits.data(), frames, kClasses, chain, priors, nullptr);
      logits[i] = kept;
      CHECK(gradient[i] == doctest::Approx((above - below) / (2.0 * step)).epsilon(2e-3).scale(1.0));
    }
    std::vector<float> in_place = logits;
    CHECK(chain_loss(in_place.data(), frames, kClasses, chain, priors, in_place.data()) == loss);
    CHECK(in_place == gradient);
  }
}

TEST_CASE("chain loss: what does not fit into the frames is infinite and moves nothing") {
  const std::vector<float> logits = random_logits(2, 3);
  std::vector<float> gradient(logits.size(), 5.0F);
  const std::vector<ChainState> long_chain{{.token = 1}, {.token = 2}, {.token = 1}};
  CHECK(chain_loss(logits.data(), 2, kClasses, long_chain, {}, gradient.data()) ==
        std::numeric_limits<double>::infinity());
  CHECK(std::ranges::all_of(gradient, [](float g) { return g == 0.0F; }));
  const std::vector<ChainState> apart{{.token = 1, .end_frame = 1}, {.token = 2, .first_frame = 5}};
  CHECK(chain_loss(logits.data(), 2, kClasses, apart, {}, gradient.data()) ==
        std::numeric_limits<double>::infinity());
}

TEST_CASE("chain path: the best of every path, also where any sound fits") {
  for (size_t c = 0; c < chains().size(); ++c) {
    for (const bool with_any : {false, true}) {
      for (uint64_t seed = 0; seed < 5; ++seed) {
        CAPTURE(c);
        CAPTURE(seed);
        std::vector<ChainState> chain = chains()[c];
        if (with_any) chain.back().token = kAnyToken;
        const int64_t frames = 7;
        const std::vector<float> scores = log_softmax(random_logits(frames, 100 * seed + c));
        double best = -std::numeric_limits<double>::infinity();
        std::vector<int64_t> best_path;
        for_each_path(chain, frames, [&](const auto& path) {
          const double score = path_score(scores, chain, path, 0.25F);
          if (score > best) {
            best = score;
            best_path = path;
          }
        });
        const auto path = best_chain_path({scores.data(), frames, kClasses}, chain, {.any_penalty = 0.25F});
        REQUIRE(path.size() == static_cast<size_t>(frames));
        CHECK(path_score(scores, chain, path, 0.25F) == doctest::Approx(best).epsilon(1e-9));
        CHECK(path == best_path);
      }
    }
  }
}

TEST_CASE("chain path: a narrow band finds what the wide one finds, and too much is refused") {
  const int64_t frames = 60;
  const std::vector<float> scores = log_softmax(random_logits(frames, 9));
  std::vector<ChainState> chain;
  for (int i = 0; i < 20; ++i) chain.push_back({.token = 1 + i % 3});
  const TokenScores rows{scores.data(), frames, kClasses};
  const auto wide = best_chain_path(rows, chain);
  REQUIRE(wide.size() == static_cast<size_t>(frames));
  std::vector<ChainState> narrow = chain;
  for (size_t s = 0; s < chain.size(); ++s) {
    const auto first = std::ranges::find(wide, static_cast<int64_t>(s)) - wide.begin();
    const auto count = std::ranges::count(wide, static_cast<int64_t>(s));
    narrow[s].first_frame = first - 2;
    narrow[s].end_frame = first + count + 2;
  }
  CHECK(best_chain_path(rows, narrow) == wide);
  // Twenty states in their own frames, not all states in all frames.
  CHECK(best_chain_path(rows, narrow, {.most_cells = 400}) == wide);
  CHECK_THROWS_AS(best_chain_path(rows, chain, {.most_cells = 400}), ConfigError);
}

TEST_CASE("chain path: none where the text is longer than the audio") {
  const std::vector<float> scores = log_softmax(random_logits(2, 1));
  const std::vector<ChainState> chain{{.token = 1}, {.token = 2}, {.token = 3}};
  CHECK(best_chain_path({scores.data(), 2, kClasses}, chain).empty());
  const std::vector<ChainState> apart{{.token = 1, .end_frame = 1}, {.token = 2, .first_frame = 2}};
  CHECK(best_chain_path({scores.data(), 2, kClasses}, apart).empty());
}
