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

constexpr int64_t kLetters = 4;

std::vector<float> random_scores(int64_t frames, uint64_t seed) {
  std::vector<float> scores(static_cast<size_t>(frames * kLetters));
  const RandomStream random(seed, RandomUse::crop, {});
  for (size_t i = 0; i < scores.size(); ++i) scores[i] = static_cast<float>(4.0 * random.uniform(i) - 2.0);
  return scores;
}

/// Tables whose similarities are these scores: a sound for each letter.
struct Tables {
  std::vector<float> heard;
  std::vector<float> meant;

  explicit Tables(const std::vector<float>& scores) : meant(kLetters * kLetters, 0.0F) {
    for (const float score : scores) heard.push_back(std::exp(score));
    for (size_t i = 0; i < kLetters; ++i) meant[i * kLetters + i] = 1.0F;
  }
  Similarity view() const {
    return {heard.data(), meant.data(), std::ssize(heard) / kLetters, kLetters, kLetters};
  }
};

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
                            (s == path.back() + 2 && chain[static_cast<size_t>(s - 1)].optional) ||
                            (s > path.back() && chain[static_cast<size_t>(s)].jump_from == path.back()));
      if (!(begins || follows) || !fits(s)) continue;
      path.push_back(s);
      extend();
      path.pop_back();
    }
  };
  extend();
}

double path_score(const std::vector<float>& scores, std::span<const ChainState> chain,
                  const std::vector<int64_t>& path, float any_penalty = 0.0F, bool is_loss = false,
                  float stay_penalty = 0.0F) {
  double sum = 0.0;
  for (size_t t = 0; t < path.size(); ++t) {
    const int64_t letter = chain[static_cast<size_t>(path[t])].letter;
    const double score =
        letter == kAnySound ? -any_penalty : scores[t * kLetters + static_cast<size_t>(letter)];
    // The loss knows no such rule.
    const bool capped = !is_loss && chain[static_cast<size_t>(path[t])].optional;
    sum += capped ? std::min(score, 0.0) : score;
    if (t > 0 && path[t] == path[t - 1] && letter != kAnySound) sum -= stay_penalty;
  }
  return sum;
}

/// With a jump from the first state past all but the last.
std::vector<ChainState> with_jump(std::vector<ChainState> chain) {
  chain.back().jump_from = 0;
  return chain;
}

const std::vector<std::vector<ChainState>>& chains() {
  static const std::vector<std::vector<ChainState>> all{
      {{.letter = 2}},
      {{.letter = 1, .optional = true}, {.letter = 2}, {.letter = 1, .optional = true}},
      {{.letter = 1, .optional = true},
       {.letter = 2},
       {.letter = 1},
       {.letter = 3},
       {.letter = 1, .optional = true}},
      {{.letter = 2, .first_frame = 0, .end_frame = 3},
       {.letter = 1, .optional = true},
       {.letter = 3, .first_frame = 2}},
      {{.letter = 2}, {.letter = 0}, {.letter = 2, .first_frame = 4, .end_frame = 6}, {.letter = 1}},
  };
  return all;
}

}  // namespace

TEST_CASE("chain loss: the sum over every path") {
  for (size_t c = 0; c < chains().size(); ++c) {
    CAPTURE(c);
    const auto& chain = chains()[c];
    const int64_t frames = 7;
    const std::vector<float> scores = random_scores(frames, c);
    double sum = 0.0;
    for_each_path(chain, frames,
                  [&](const auto& path) { sum += std::exp(path_score(scores, chain, path, 0.0F, true)); });
    REQUIRE(sum > 0.0);
    CHECK(chain_loss(scores.data(), frames, kLetters, chain, nullptr) ==
          doctest::Approx(-std::log(sum)).epsilon(1e-5));
  }
}

TEST_CASE("chain loss: its gradient is that of the loss") {
  for (size_t c = 0; c < chains().size(); ++c) {
    CAPTURE(c);
    const auto& chain = chains()[c];
    const int64_t frames = 6;
    std::vector<float> scores = random_scores(frames, 10 + c);
    std::vector<float> gradient(scores.size());
    chain_loss(scores.data(), frames, kLetters, chain, gradient.data());
    for (size_t i = 0; i < scores.size(); ++i) {
      const float kept = scores[i];
      const float step = 1e-2F;
      scores[i] = kept + step;
      const double above = chain_loss(scores.data(), frames, kLetters, chain, nullptr);
      scores[i] = kept - step;
      const double below = chain_loss(scores.data(), frames, kLetters, chain, nullptr);
      scores[i] = kept;
      CHECK(gradient[i] == doctest::Approx((above - below) / (2.0 * step)).epsilon(2e-3).scale(1.0));
    }
  }
}

TEST_CASE("chain loss: what does not fit into the frames is infinite and moves nothing") {
  const std::vector<float> scores = random_scores(2, 3);
  std::vector<float> gradient(scores.size(), 5.0F);
  const std::vector<ChainState> long_chain{{.letter = 1}, {.letter = 2}, {.letter = 1}};
  CHECK(chain_loss(scores.data(), 2, kLetters, long_chain, gradient.data()) ==
        std::numeric_limits<double>::infinity());
  CHECK(std::ranges::all_of(gradient, [](float g) { return g == 0.0F; }));
  const std::vector<ChainState> apart{{.letter = 1, .end_frame = 1}, {.letter = 2, .first_frame = 5}};
  CHECK(chain_loss(scores.data(), 2, kLetters, apart, gradient.data()) ==
        std::numeric_limits<double>::infinity());
}

TEST_CASE("chain path: the best of every path, also where any sound fits") {
  for (size_t c = 0; c < chains().size(); ++c) {
    for (const bool with_any : {false, true}) {
      for (uint64_t seed = 0; seed < 5; ++seed) {
        CAPTURE(c);
        CAPTURE(seed);
        std::vector<ChainState> chain = chains()[c];
        if (with_any) chain.back().letter = kAnySound;
        const int64_t frames = 7;
        const std::vector<float> scores = random_scores(frames, 100 * seed + c);
        double best = -std::numeric_limits<double>::infinity();
        std::vector<int64_t> best_path;
        for_each_path(chain, frames, [&](const auto& path) {
          const double score = path_score(scores, chain, path, 0.25F, false, 0.1F);
          if (score > best) {
            best = score;
            best_path = path;
          }
        });
        const auto path =
            best_chain_path(Tables(scores).view(), chain, {.any_penalty = 0.25F, .stay_penalty = 0.1F});
        REQUIRE(path.size() == static_cast<size_t>(frames));
        CHECK(path_score(scores, chain, path, 0.25F, false, 0.1F) == doctest::Approx(best).epsilon(1e-9));
        CHECK(path == best_path);
      }
    }
  }
}

TEST_CASE("chain path: a letter does not stretch over what fits it a little, a pause does") {
  // 30 frames that letter 0 fits a little and letter 1 not at all, then one of each of the two.
  const int64_t frames = 32;
  std::vector<float> scores(static_cast<size_t>(frames * kLetters), -6.0F);
  for (size_t t = 0; t < 30; ++t) {
    scores[t * kLetters] = 0.5F;
    scores[t * kLetters + 2] = -0.5F;
  }
  scores[30 * kLetters] = 3.0F;
  scores[31 * kLetters + 1] = 3.0F;
  const Tables tables(scores);
  // Whatever is spoken before may pass in state 0.
  std::vector<ChainState> chain{{.letter = kAnySound, .optional = true}, {.letter = 0}, {.letter = 1}};
  const auto frames_in = [&](const ChainPathOptions& options) {
    const auto path = best_chain_path(tables.view(), chain, options);
    return std::ranges::count(path, 1);
  };
  const ChainPathOptions unlimited{.any_penalty = 0.1F, .long_letter_penalty = 0.0F};
  const ChainPathOptions limited{.any_penalty = 0.1F, .long_letter_frames = 5, .long_letter_penalty = 2.0F};
  CHECK(frames_in(unlimited) == 31);
  CHECK(frames_in(limited) <= 5);
  chain[1].lasting = true;
  CHECK(frames_in(limited) == 31);
}

TEST_CASE("chain path: a jump where what it leaves out costs more") {
  const std::vector<ChainState> chain =
      with_jump({{.letter = 0}, {.letter = 1}, {.letter = 2}, {.letter = 3}});
  CHECK(least_frames(chain) == 2);
  for (uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    const int64_t frames = 6;
    const std::vector<float> scores = random_scores(frames, 300 + seed);
    const auto penalised = [&](const std::vector<int64_t>& path) {
      double score = path_score(scores, chain, path);
      for (size_t t = 1; t < path.size(); ++t) score -= path[t] - path[t - 1] > 1 ? 1.5 : 0.0;
      return score;
    };
    std::vector<int64_t> best_path;
    for_each_path(chain, frames, [&](const auto& path) {
      if (best_path.empty() || penalised(path) > penalised(best_path)) best_path = path;
    });
    CHECK(best_chain_path(Tables(scores).view(), chain, {.stay_penalty = 0.0F, .jump_penalty = 1.5F}) ==
          best_path);
  }
}

TEST_CASE("chain path: a narrow band finds what the wide one finds, and too much is refused") {
  const int64_t frames = 60;
  const std::vector<float> scores = random_scores(frames, 9);
  std::vector<ChainState> chain;
  for (int i = 0; i < 20; ++i) chain.push_back({.letter = i / 5});
  const Tables tables(scores);
  const Similarity rows = tables.view();
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

TEST_CASE("chain path: none when it is stopped") {
  const std::vector<float> scores = random_scores(6, 1);
  const std::vector<ChainState> chain{{.letter = 1}, {.letter = 2}};
  CHECK_FALSE(best_chain_path(Tables(scores).view(), chain).empty());
  CHECK(best_chain_path(Tables(scores).view(), chain, {.stop_requested = [] { return true; }}).empty());
}

TEST_CASE("chain path: none where the text is longer than the audio") {
  const std::vector<float> scores = random_scores(2, 1);
  const std::vector<ChainState> chain{{.letter = 1}, {.letter = 2}, {.letter = 3}};
  CHECK(best_chain_path(Tables(scores).view(), chain).empty());
  const std::vector<ChainState> apart{{.letter = 1, .end_frame = 1}, {.letter = 2, .first_frame = 2}};
  CHECK(best_chain_path(Tables(scores).view(), apart).empty());
}
