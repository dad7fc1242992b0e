#include "wav2vec/align/word_times.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "wav2vec/align/match_score.h"
#include "wav2vec/text/character_tokens.h"

using namespace wav2vec;

namespace {

constexpr int64_t kTokens = CharacterTokens::kCount;
const FrameTimes kFrameTimes{.first_frame_center_seconds = 0.015, .hop_seconds = 0.01};

/// A recording in which `said` is heard, a frame for each of its characters; sounds are tokens.
struct Heard {
  std::vector<float> rows;

  explicit Heard(const std::string& said) : rows(said.size() * kTokens, std::exp(-8.0F)) {
    for (size_t t = 0; t < said.size(); ++t)
      rows[t * kTokens + static_cast<size_t>(token_of(said[t]))] = 1.0F;
  }
};

/// A text whose letters stand for themselves, laid on what was heard.
struct Laid {
  std::vector<int> tokens;
  std::vector<float> meant;
  Similarity similarity;
  std::vector<ChainState> chain;
  std::vector<int64_t> path;

  Laid(const Heard& heard, const std::string& text)
      : tokens(encode(text)), meant(text.size() * kTokens, 0.0F) {
    for (size_t i = 0; i < tokens.size(); ++i) meant[i * kTokens + static_cast<size_t>(tokens[i])] = 1.0F;
    similarity = {heard.rows.data(), meant.data(), std::ssize(heard.rows) / kTokens, std::ssize(tokens),
                  kTokens};
    chain = chain_of(tokens);
    path = best_chain_path(similarity, chain);
  }
  std::vector<TimeSpan> letters() const { return letter_times(similarity, chain, path, kFrameTimes); }
  std::vector<TimeSpan> words() const { return word_times(letters(), words_of(tokens)); }
};

}  // namespace

TEST_CASE("word times: from the first frame of a word to its last, halfway between centres") {
  const Heard heard("   aab   cc");
  const auto words = Laid(heard, " ab c ").words();
  REQUIRE(words.size() == 2);
  CHECK(words[0].start_seconds == doctest::Approx(0.010 + 3 * 0.01));
  CHECK(words[0].end_seconds == doctest::Approx(0.010 + 6 * 0.01));
  CHECK(words[1].start_seconds == doctest::Approx(0.010 + 9 * 0.01));
  CHECK(words[1].end_seconds == doctest::Approx(0.010 + 11 * 0.01));
}

TEST_CASE("word times: words without a pause between them meet") {
  const Heard heard(" aaabbb ");
  const Laid laid(heard, " a b ");
  const auto words = laid.words();
  REQUIRE(words.size() == 2);
  CHECK(words[0].end_seconds == doctest::Approx(0.010 + 4 * 0.01));
  CHECK(words[1].start_seconds == words[0].end_seconds);
  const auto letters = laid.letters();
  CHECK(letters[2].start_seconds == words[0].end_seconds);
  CHECK(letters[2].end_seconds == words[0].end_seconds);
}

TEST_CASE("word times: a gap at the end that is not there has the end of the last letter") {
  const Heard heard("aa");
  const auto letters = Laid(heard, " a ").letters();
  CHECK(letters[0].start_seconds == letters[0].end_seconds);
  CHECK(letters[1].start_seconds == doctest::Approx(0.010));
  CHECK(letters[1].end_seconds == doctest::Approx(0.030));
  CHECK(letters[2].start_seconds == doctest::Approx(0.030));
  CHECK(letters[2].end_seconds == doctest::Approx(0.030));
}

TEST_CASE("word times: a boundary lies where the two scores cross between the centres") {
  // a gives way to b between frames 1 and 2, three quarters of the way.
  Heard heard("aabb");
  const auto set = [&](int64_t t, char letter, float score) {
    heard.rows[static_cast<size_t>(t * kTokens + token_of(letter))] = std::exp(score);
  };
  for (const int64_t t : {0, 1}) set(t, 'b', -3.0F);
  for (const int64_t t : {2, 3}) set(t, 'a', -1.0F);
  const auto letters = Laid(heard, "ab").letters();
  REQUIRE(letters.size() == 2);
  CHECK(letters[0].end_seconds == doctest::Approx(0.015 + 0.0175).epsilon(1e-4));
  CHECK(letters[1].start_seconds == letters[0].end_seconds);
  CHECK(letters[0].start_seconds == doctest::Approx(0.010));
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

TEST_CASE("match score: what was said is similar, what was not is not") {
  const Heard heard(" hello ");
  const auto score_of = [&](const std::string& text) {
    const Laid laid(heard, text);
    return match_score(letter_similarities(laid.similarity, laid.chain, laid.path), laid.tokens, 0,
                       std::ssize(laid.tokens));
  };
  const MatchScore right = score_of(" helo ");
  CHECK(right.letters == 4);
  CHECK(right.similarity == doctest::Approx(0.0).scale(1.0));
  CHECK(score_of(" jazz ").similarity < -3.0);
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
