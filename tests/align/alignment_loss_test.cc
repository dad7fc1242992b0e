// The loss of both towers, and the similarities that it is made of.

#include "wav2vec/align/alignment_loss.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "wav2vec/align/similarity.h"
#include "wav2vec/core/rng.h"

using namespace wav2vec;

namespace {

constexpr int64_t kFrames = 7;
constexpr int64_t kLetters = 3;
constexpr int64_t kSounds = 5;
const std::vector<float> kLogPriors{-1.0F, -2.0F, -1.5F, -3.0F, -1.2F};

std::vector<float> random_logits(int64_t count, uint64_t seed) {
  std::vector<float> logits;
  const RandomStream random(seed, RandomUse::crop, {});
  for (int64_t i = 0; i < count; ++i)
    logits.push_back(static_cast<float>(4.0 * random.uniform(static_cast<uint64_t>(i)) - 2.0));
  return logits;
}

double probability(const std::vector<float>& logits, int64_t row, int64_t k) {
  double sum = 0.0;
  for (int64_t j = 0; j < kSounds; ++j) sum += std::exp(logits[static_cast<size_t>(row * kSounds + j)]);
  return std::exp(logits[static_cast<size_t>(row * kSounds + k)]) / sum;
}

}  // namespace

TEST_CASE("similarity: by how much a frame is more probable with the letter than without") {
  const std::vector<float> frames = random_logits(kFrames * kSounds, 1);
  const std::vector<float> letters = random_logits(kLetters * kSounds, 2);
  for (const double background : {0.0, 0.1}) {
    const std::vector<float> heard = heard_sounds(frames.data(), kFrames, kSounds, kLogPriors, background);
    const std::vector<float> meant = meant_sounds(letters.data(), kLetters, kSounds);
    const Similarity similarity{heard.data(), meant.data(), kFrames, kLetters, kSounds};
    std::vector<float> part(2 * 2);
    similarity.block(3, 5, 1, 3, part.data());
    for (int64_t t = 3; t < 5; ++t) {
      for (int64_t i = 1; i < 3; ++i) {
        double sum = 0.0;
        for (int64_t k = 0; k < kSounds; ++k)
          sum += probability(frames, t, k) * probability(letters, i, k) /
                 std::exp(static_cast<double>(kLogPriors[static_cast<size_t>(k)]));
        const double expected = std::log((1.0 - background) * sum + background);
        CHECK(similarity.at(t, i) == doctest::Approx(expected).epsilon(1e-5));
        CHECK(part[static_cast<size_t>((t - 3) * 2 + i - 1)] == doctest::Approx(expected).epsilon(1e-5));
      }
    }
  }
}

TEST_CASE("similarity: the same bits wherever they are stored") {
  const std::vector<float> frames = random_logits(kFrames * kSounds, 1);
  const std::vector<float> letters = random_logits(kLetters * kSounds, 2);
  const std::vector<float> heard = heard_sounds(frames.data(), kFrames, kSounds, kLogPriors, 0.0);
  const std::vector<float> meant = meant_sounds(letters.data(), kLetters, kSounds);
  const Similarity similarity{heard.data(), meant.data(), kFrames, kLetters, kSounds};
  constexpr int64_t kCount = kFrames * kLetters;
  std::vector<float> first(kCount);
  similarity.block(0, kFrames, 0, kLetters, first.data());
  for (int64_t offset = 1; offset < 16; ++offset) {
    std::vector<float> other(kCount + 16);
    similarity.block(0, kFrames, 0, kLetters, other.data() + offset);
    CHECK(std::equal(first.begin(), first.end(), other.begin() + offset));
  }
}

TEST_CASE("alignment loss: its gradients are those of the loss, in both towers") {
  const std::vector<ChainState> chain{
      {.letter = 0, .optional = true}, {.letter = 1, .end_frame = 5}, {.letter = 2}};
  std::vector<float> frames = random_logits(kFrames * kSounds, 3);
  std::vector<float> letters = random_logits(kLetters * kSounds, 4);
  std::vector<float> log_priors = kLogPriors;
  std::vector<double> dlog_priors(log_priors.size());
  std::vector<float> dframes(frames.size());
  std::vector<float> dletters(letters.size());
  const auto loss = [&](bool with_gradients) {
    return alignment_loss({.frames = frames.data(),
                           .letters = letters.data(),
                           .dframes = with_gradients ? dframes.data() : nullptr,
                           .dletters = with_gradients ? dletters.data() : nullptr,
                           .dlog_priors = with_gradients ? dlog_priors.data() : nullptr,
                           .frame_count = kFrames,
                           .letter_count = kLetters,
                           .sounds = kSounds},
                          chain, log_priors);
  };
  CHECK(loss(true) == loss(false));
  const auto check = [&](std::vector<float>& logits, const auto& gradient) {
    for (size_t i = 0; i < logits.size(); ++i) {
      const float kept = logits[i];
      const float step = 1e-2F;
      logits[i] = kept + step;
      const double above = loss(false);
      logits[i] = kept - step;
      const double below = loss(false);
      logits[i] = kept;
      CHECK(gradient[i] == doctest::Approx((above - below) / (2.0 * step)).epsilon(5e-3).scale(1.0));
    }
  };
  check(frames, dframes);
  check(letters, dletters);
  check(log_priors, dlog_priors);
}

TEST_CASE("alignment loss: a text that does not fit moves nothing") {
  const std::vector<ChainState> chain{{.letter = 0, .end_frame = 1}, {.letter = 1, .first_frame = 3}};
  const std::vector<float> frames = random_logits(kFrames * kSounds, 3);
  const std::vector<float> letters = random_logits(kLetters * kSounds, 4);
  std::vector<float> dframes(frames.size(), 5.0F);
  std::vector<float> dletters(letters.size(), 5.0F);
  std::vector<double> dlog_priors(kSounds, 5.0);
  CHECK(std::isinf(alignment_loss({.frames = frames.data(),
                                   .letters = letters.data(),
                                   .dframes = dframes.data(),
                                   .dletters = dletters.data(),
                                   .dlog_priors = dlog_priors.data(),
                                   .frame_count = kFrames,
                                   .letter_count = kLetters,
                                   .sounds = kSounds},
                                  chain, kLogPriors)));
  CHECK(std::ranges::all_of(dframes, [](float g) { return g == 0.0F; }));
  CHECK(std::ranges::all_of(dletters, [](float g) { return g == 0.0F; }));
}

TEST_CASE("alignment loss: every frame's paths are in some letter, and near the letter that is heard") {
  const std::vector<ChainState> chain{{.letter = 0}, {.letter = 1, .optional = true}, {.letter = 2}};
  std::vector<float> frames(kFrames * kSounds, 0.0F);
  std::vector<float> letters(kLetters * kSounds, 0.0F);
  for (int64_t t = 0; t < kFrames; ++t) frames[static_cast<size_t>(t * kSounds + (t < 4 ? 0 : 2))] = 8.0F;
  for (int64_t i = 0; i < kLetters; ++i) letters[static_cast<size_t>(i * kSounds + i)] = 8.0F;
  std::vector<float> dframes(frames.size());
  std::vector<float> dletters(letters.size());
  std::vector<double> dlog_priors(kSounds);
  std::vector<float> occupancy(kFrames * kLetters, 5.0F);
  alignment_loss({.frames = frames.data(),
                  .letters = letters.data(),
                  .dframes = dframes.data(),
                  .dletters = dletters.data(),
                  .dlog_priors = dlog_priors.data(),
                  .occupancy = occupancy.data(),
                  .frame_count = kFrames,
                  .letter_count = kLetters,
                  .sounds = kSounds},
                 chain, kLogPriors);
  for (int64_t t = 0; t < kFrames; ++t) {
    const auto row = std::span(occupancy).subspan(static_cast<size_t>(t * kLetters), kLetters);
    CHECK(row[0] + row[1] + row[2] == doctest::Approx(1.0));
    CHECK(row[t < 4 ? 0 : 2] > 0.9F);
  }
}
