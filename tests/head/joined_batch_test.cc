#include "wav2vec/head/joined_batch.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "wav2vec/text/character_tokens.h"
#include "wav2vec/text/token_set.h"

using namespace wav2vec;

namespace {

constexpr JoinGeometry kGeometry{.sample_rate_hz = 16000, .hop_samples = 160};
const FrameTimes kFrameTimes{.first_frame_center_seconds = 0.0145, .hop_seconds = 0.01};

SpokenText text_of(const std::string& words) { return spoken_text(encode(words)); }

/// Two utterances: a second of ones with known times, and half a second of twos without.
struct Batch {
  std::vector<SpokenText> texts{text_of("so it"), text_of("is")};
  AudioBatch audio;

  Batch() {
    set_times(texts[0], {{0.2, 0.3, "so"}, {0.6, 0.3, "it"}}, kFrameTimes, 0.05);
    texts[0].phones = {{0.2, 0.3, "S"}, {0.6, 0.3, "T"}};
    audio.max_samples = 16000;
    audio.samples.assign(32000, 0.0F);
    std::fill_n(audio.samples.begin(), 16000, 1.0F);
    std::fill_n(audio.samples.begin() + 16000, 8000, 2.0F);
    audio.lengths = {16000, 8000};
    audio.utterances = {0, 1};
  }
};

}  // namespace

TEST_CASE("joined batch: one recording with pauses, its text, its frames and its phones") {
  const Batch batch;
  const JoinConfig config{.seconds = 20.0, .probability = 1.0, .gain_db = 0.0};
  const JoinedBatch joined = join_utterances(batch.audio, batch.texts, config, kGeometry, {}, 3);
  REQUIRE(joined.texts.size() == 1);
  const SpokenText& text = joined.texts[0];
  CHECK(text_of_tokens(TokenKind::letters, text.tokens) == " so it is ");
  CHECK(text.words.size() == 3);
  const auto& samples = joined.audio.samples;
  const auto one = std::ranges::find(samples, 1.0F) - samples.begin();
  const auto two = std::ranges::find(samples, 2.0F) - samples.begin();
  CHECK(one % 160 == 0);
  CHECK(two % 160 == 0);
  CHECK(std::ranges::count(samples, 1.0F) == 16000);
  CHECK(std::ranges::count(samples, 2.0F) == 8000);
  CHECK(two >= one + 16000);
  // "so" within its time, moved; "is" within its utterance; the gap between them reaches over the pause.
  CHECK(text.chain[1].first_frame == batch.texts[0].chain[1].first_frame + one / 160);
  CHECK(text.chain[1].end_frame == batch.texts[0].chain[1].end_frame + one / 160);
  CHECK(text.chain[7].first_frame == two / 160 - 5);
  CHECK(text.chain[7].end_frame == two / 160 + 50 + 5);
  CHECK(text.chain[6].first_frame <= (one + 15000) / 160);
  CHECK(text.chain[6].end_frame > two / 160);
  CHECK(text.chain.back().end_frame > 1'000'000);
  REQUIRE(text.parts.size() == 2);
  CHECK(text_of_tokens(TokenKind::letters, text.parts[1].letters) == "is");
  CHECK(text.parts[0].first_frame == 0);
  CHECK(text.parts[0].end_frame == text.parts[1].first_frame);
  CHECK(text.parts[1].first_frame >= one / 160 + 100);
  CHECK(text.parts[1].first_frame <= two / 160);
  for (size_t s = 0; s < text.chain.size(); ++s) CHECK(text.chain[s].letter == static_cast<int64_t>(s));
  const auto phone = std::ranges::find(text.phones, "T", &TimedLabel::label);
  REQUIRE(phone != text.phones.end());
  CHECK(phone->start_seconds == doctest::Approx(0.6 + static_cast<double>(one) / 16000.0));
  CHECK(std::ranges::count(text.phones, "SIL", &TimedLabel::label) >= 1);
}

TEST_CASE("joined batch: alone where nothing else fits or nothing is asked for") {
  const Batch batch;
  const JoinedBatch alone = join_utterances(batch.audio, batch.texts, {}, kGeometry, {}, 3);
  CHECK(alone.audio.samples == batch.audio.samples);
  CHECK(alone.texts.size() == 2);
  const JoinedBatch narrow =
      join_utterances(batch.audio, batch.texts, {.seconds = 1.2, .probability = 1.0}, kGeometry, {}, 3);
  REQUIRE(narrow.texts.size() == 2);
  CHECK(text_of_tokens(TokenKind::letters, narrow.texts[1].tokens) == " is ");
}

TEST_CASE("joined batch: noise and levels follow from seed and batch") {
  const Batch batch;
  const NoisePool pool{{std::vector<float>(999, 0.5F)}};
  const JoinConfig config{.seconds = 20.0, .noise_probability = 1.0};
  const auto samples = [&](uint64_t seed) {
    return join_utterances(batch.audio, batch.texts, config, kGeometry, pool, seed).audio.samples;
  };
  CHECK(samples(3) == samples(3));
  CHECK(samples(3) != samples(4));
  CHECK(std::ranges::count(samples(3), 0.0F) < 10);
}
