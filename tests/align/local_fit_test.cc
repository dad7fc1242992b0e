#include "wav2vec/align/local_fit.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "wav2vec/core/rng.h"

using namespace wav2vec;

namespace {

constexpr int64_t kLetters = 4;

struct Tables {
  std::vector<float> scores;
  std::vector<float> heard;
  std::vector<float> meant = std::vector<float>(kLetters * kLetters, 0.0F);

  Tables(int64_t frames, uint64_t seed) {
    const RandomStream random(seed, RandomUse::crop, {});
    for (int64_t i = 0; i < frames * kLetters; ++i)
      scores.push_back(static_cast<float>(3.0 * random.uniform(static_cast<uint64_t>(i)) - 2.0));
    for (const float score : scores) heard.push_back(std::exp(score));
    for (size_t i = 0; i < kLetters; ++i) meant[i * kLetters + i] = 1.0F;
  }
  Similarity view() const {
    return {heard.data(), meant.data(), std::ssize(heard) / kLetters, kLetters, kLetters};
  }
};

/// The best sum over the frames [first, end) alone, by trying every way to divide them.
double best_within(const Tables& tables, std::span<const ChainState> chain, int64_t first, int64_t end) {
  const auto count = std::ssize(chain);
  double best = -std::numeric_limits<double>::infinity();
  const auto go = [&](const auto& self, int64_t t, int64_t s, double sum) -> void {
    if (s >= count) return;
    const ChainState& state = chain[static_cast<size_t>(s)];
    const double score = tables.scores[static_cast<size_t>(t * kLetters + state.letter)];
    sum += (state.optional ? std::min(score, 0.0) : score) - 0.25;
    if (t + 1 == end) {
      if (s == count - 1 || (s == count - 2 && chain.back().optional)) best = std::max(best, sum);
      return;
    }
    self(self, t + 1, s, sum);
    self(self, t + 1, s + 1, sum);
    if (s + 1 < count && chain[static_cast<size_t>(s + 1)].optional) self(self, t + 1, s + 2, sum);
  };
  go(go, first, 0, 0.0);
  if (chain[0].optional) go(go, first, 1, 0.0);
  return best;
}

}  // namespace

TEST_CASE("local fit: the best stretch of all, and the next best that ends elsewhere") {
  const std::vector<ChainState> chain{
      {.letter = 0, .optional = true}, {.letter = 1}, {.letter = 2}, {.letter = 3}};
  for (uint64_t seed = 0; seed < 10; ++seed) {
    CAPTURE(seed);
    const int64_t frames = 12;
    const Tables tables(frames, seed);
    std::vector<double> best(static_cast<size_t>(frames) + 1, -std::numeric_limits<double>::infinity());
    for (int64_t end = 1; end <= frames; ++end) {
      for (int64_t first = 0; first < end; ++first)
        best[static_cast<size_t>(end)] =
            std::max(best[static_cast<size_t>(end)], best_within(tables, chain, first, end));
    }
    const auto top = std::ranges::max_element(best) - best.begin();
    const auto fits = local_fits(tables.view(), chain, {.count = 2, .apart_frames = 4, .frame_nats = 0.25F});
    REQUIRE(!fits.empty());
    CHECK(fits[0].end_frame == top);
    CHECK(fits[0].nats == doctest::Approx(best[static_cast<size_t>(top)]).epsilon(1e-4));
    CHECK(best_within(tables, chain, fits[0].first_frame, fits[0].end_frame) ==
          doctest::Approx(fits[0].nats).epsilon(1e-4));
    if (fits.size() > 1) CHECK(std::abs(fits[1].end_frame - fits[0].end_frame) >= 4);
  }
}

TEST_CASE("local fit: none where the text is longer than the audio") {
  const std::vector<ChainState> chain{{.letter = 1}, {.letter = 2}, {.letter = 3}};
  CHECK(local_fits(Tables(2, 1).view(), chain).empty());
}
