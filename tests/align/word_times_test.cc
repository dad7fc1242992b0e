#include "wav2vec/align/word_times.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "wav2vec/align/match_score.h"
#include "wav2vec/text/character_tokens.h"

using namespace wav2vec;

namespace {

/// Scores in which `said` is heard, a frame for each of its characters.
struct Heard {
  std::vector<float> rows;

  explicit Heard(const std::string& said, float other = -8.0F)
      : rows(said.size() * CharacterTokens::kCount, other) {
    for (size_t t = 0; t < said.size(); ++t) {
      const int token = said[t] == '_' ? CharacterTokens::kBlank : token_of(said[t]);
      rows[t * CharacterTokens::kCount + static_cast<size_t>(token)] = 0.0F;
    }
  }
  TokenScores view() const {
    return {rows.data(), std::ssize(rows) / CharacterTokens::kCount, CharacterTokens::kCount};
  }
};

std::vector<TimeSpan> words_heard(const Heard& heard, const std::string& text) {
  const std::vector<int> tokens = encode(text);
  const TextChain chain = chain_of(tokens);
  const auto path = best_chain_path(heard.view(), chain.states);
  const std::vector<TokenWord> words = words_of(tokens);
  return word_times(
      token_times(heard.view(), chain, path, {.first_frame_center_seconds = 0.015, .hop_seconds = 0.01}),
      words);
}

}  // namespace

TEST_CASE("word times: from the first frame of a word to its last, halfway between centres") {
  const auto words = words_heard(Heard("   aab   cc"), "ab c");
  REQUIRE(words.size() == 2);
  CHECK(words[0].start_seconds == doctest::Approx(0.010 + 3 * 0.01));
  CHECK(words[0].end_seconds == doctest::Approx(0.010 + 6 * 0.01));
  CHECK(words[1].start_seconds == doctest::Approx(0.010 + 9 * 0.01));
  CHECK(words[1].end_seconds == doctest::Approx(0.010 + 11 * 0.01));
}

TEST_CASE("word times: a gap of one frame is shared by the words on both sides") {
  const auto words = words_heard(Heard(" aaa bbb "), "a b");
  REQUIRE(words.size() == 2);
  CHECK(words[0].end_seconds == doctest::Approx(0.010 + 4.5 * 0.01));
  CHECK(words[1].start_seconds == words[0].end_seconds);
}

TEST_CASE("word times: two equal letters meet in the middle of what parts them") {
  const Heard heard(" ll_ll ");
  const TextChain chain = chain_of(encode("ll"));
  const auto path = best_chain_path(heard.view(), chain.states);
  const auto times =
      token_times(heard.view(), chain, path, {.first_frame_center_seconds = 0.015, .hop_seconds = 0.01});
  REQUIRE(times.size() == 2);
  CHECK(times[0].end_seconds == times[1].start_seconds);
  CHECK(times[0].end_seconds == doctest::Approx(0.010 + 3.5 * 0.01));
}

TEST_CASE("word times: a boundary lies where the two scores cross between the centres") {
  // a gives way to b between frames 1 and 2, three quarters of the way.
  const int a = token_of('a');
  const int b = token_of('b');
  std::vector<float> rows(4 * CharacterTokens::kCount, -9.0F);
  const auto set = [&](int64_t t, int token, float score) {
    rows[static_cast<size_t>(t * CharacterTokens::kCount + token)] = score;
  };
  for (const int64_t t : {0, 1}) {
    set(t, a, 0.0F);
    set(t, b, -3.0F);
  }
  for (const int64_t t : {2, 3}) {
    set(t, a, -1.0F);
    set(t, b, 0.0F);
  }
  const TextChain chain = chain_of(encode("ab"));
  const TokenScores scores{rows.data(), 4, CharacterTokens::kCount};
  const auto path = best_chain_path(scores, chain.states);
  const auto times =
      token_times(scores, chain, path, {.first_frame_center_seconds = 0.0, .hop_seconds = 0.01});
  REQUIRE(times.size() == 2);
  CHECK(times[0].end_seconds == doctest::Approx(0.0175));
  CHECK(times[1].start_seconds == times[0].end_seconds);
  CHECK(times[0].start_seconds == doctest::Approx(-0.005));
}

TEST_CASE("words: what stands between single blanks") {
  const auto words = words_of(encode("it's a day"));
  REQUIRE(words.size() == 3);
  CHECK(words[0].begin == 0);
  CHECK(words[0].end == 4);
  CHECK(words[2].begin == 7);
  CHECK(words[2].end == 10);
  CHECK(words_of({}).empty());
}

TEST_CASE("match score: what was said has no deficit, what was not has one") {
  const Heard heard(" hello ");
  const auto score_of = [&](const std::string& text) {
    const std::vector<int> tokens = encode(text);
    const TextChain chain = chain_of(tokens);
    const auto path = best_chain_path(heard.view(), chain.states);
    return match_score(token_deficits(heard.view(), chain, path), tokens, 0, std::ssize(tokens));
  };
  const MatchScore right = score_of("helo");
  CHECK(right.characters == 4);
  CHECK(right.mean_deficit == doctest::Approx(0.0));
  CHECK(score_of("jazz").mean_deficit < -3.0);
}

TEST_CASE("calibration: probabilities follow the scores, surer with more characters") {
  std::vector<LabelledScore> scores;
  for (int i = 0; i < 200; ++i) {
    const double noise = 0.8 * std::sin(12.9898 * i);
    const int64_t characters = 2 + i % 30;
    // The fewer characters, the wider the scores of both kinds spread.
    const double spread = 3.0 / std::sqrt(static_cast<double>(characters));
    scores.push_back({{-1.0 + noise * spread, characters}, true});
    scores.push_back({{-3.0 + noise * spread, characters}, false, 0.5});
  }
  const MatchCalibration calibration = fit_calibration(scores);
  CHECK(calibration.probability({-0.5, 30}) > 0.98);
  CHECK(calibration.probability({-3.5, 30}) < 0.02);
  CHECK(calibration.probability({-0.5, 3}) < calibration.probability({-0.5, 30}));
  CHECK(calibration.probability({-3.5, 3}) > calibration.probability({-3.5, 30}));
  scores.clear();
  scores.push_back({{-1.0, 5}, true});
  CHECK(fit_calibration(scores).probability({-1.0, 5}) == 0.5);
}
