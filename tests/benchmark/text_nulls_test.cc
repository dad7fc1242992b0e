#include "wav2vec/benchmark/text_nulls.h"

#include <doctest/doctest.h>

#include <cmath>

#include "wav2vec/text/character_tokens.h"

using namespace wav2vec;

TEST_CASE("letter trigrams: what was read is more usual than what was not") {
  LetterTrigrams trigrams(CharacterTokens::kCount);
  trigrams.add(encode("the cat sat on the mat"));
  CHECK(trigrams.mean_log_probability(encode("the mat")) > trigrams.mean_log_probability(encode("xqz wvk")));
  // Of a context that was never met, every token is as likely.
  CHECK(LetterTrigrams(CharacterTokens::kCount).mean_log_probability(encode("abc")) ==
        doctest::Approx(-std::log(static_cast<double>(CharacterTokens::kCount))));
  CHECK(trigrams.mean_log_probability({}) == 0.0);
}

TEST_CASE("rate score: highest at the usual rate") {
  CHECK(rate_score(30, 2.0, 15.0) == 0.0);
  CHECK(rate_score(20, 2.0, 15.0) == doctest::Approx(-5.0));
  CHECK(rate_score(40, 2.0, 15.0) == doctest::Approx(-5.0));
  CHECK(std::isfinite(rate_score(10, 0.0, 15.0)));
}
