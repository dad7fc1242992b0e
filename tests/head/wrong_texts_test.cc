// Texts that were not said: like the right one, and never it.

#include "wav2vec/head/wrong_texts.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>

#include "wav2vec/text/character_tokens.h"

using namespace wav2vec;

namespace {

using Letters = std::vector<int32_t>;

std::vector<Letters> batch_of(const std::vector<std::string>& texts) {
  std::vector<Letters> batch;
  for (const std::string& text : texts) {
    const std::vector<int> tokens = encode(text);
    batch.emplace_back(tokens.begin(), tokens.end());
  }
  return batch;
}

Letters letters_of(const std::string& text) { return batch_of({text})[0]; }

Draws draws(uint64_t seed) { return Draws({seed, RandomUse::wrong_text, {}}); }

Letters sorted(Letters letters) {
  std::ranges::sort(letters);
  return letters;
}

}  // namespace

TEST_CASE("wrong texts: the closest in length, a word replaced, two words exchanged") {
  const std::vector<Letters> batch =
      batch_of({"we go home now", "a", "they left it there", "you saw her too"});
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const std::vector<Letters> wrong = wrong_texts(batch, 0, 4, draws(seed));
    REQUIRE(wrong.size() == 4);
    CHECK(wrong[0] == batch[3]);
    CHECK(wrong[3] == batch[2]);
    CHECK(std::set<Letters>(wrong.begin(), wrong.end()).size() == 4);
    CHECK(std::ranges::find(wrong, batch[0]) == wrong.end());
    // Words of other lengths are at hand, one of a similar length always is too.
    CHECK(std::abs(std::ssize(wrong[1]) - std::ssize(batch[0])) <= 1);
    CHECK(sorted(wrong[1]) != sorted(batch[0]));
    CHECK(sorted(wrong[2]) == sorted(batch[0]));
  }
}

TEST_CASE("wrong texts: a function of the draws, which differ") {
  const std::vector<Letters> batch = batch_of({"one two three four five six", "seven eight nine ten"});
  std::set<std::vector<Letters>> seen;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    CHECK(wrong_texts(batch, 0, 3, draws(seed)) == wrong_texts(batch, 0, 3, draws(seed)));
    seen.insert(wrong_texts(batch, 0, 3, draws(seed)));
  }
  CHECK(seen.size() > 10);
}

TEST_CASE("wrong texts: where one way leads nowhere another is taken, and none is no error") {
  // A single word cannot change its place.
  const std::vector<Letters> words = batch_of({"yes", "no", "ohh"});
  const std::vector<Letters> wrong = wrong_texts(words, 0, 3, draws(1));
  CHECK(wrong == std::vector<Letters>{words[2], words[1]});
  const std::vector<Letters> alone = batch_of({"to be"});
  CHECK(wrong_texts(alone, 0, 3, draws(1)) == std::vector<Letters>{letters_of("be to")});
  CHECK(wrong_texts(batch_of({"no no", "no no"}), 0, 3, draws(1)).empty());
  CHECK(wrong_texts(batch_of({"yes"}), 0, 3, draws(1)).empty());
  CHECK(wrong_texts(words, 0, 0, draws(1)).empty());
}
