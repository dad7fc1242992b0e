#include "wav2vec/text/character_tokens.h"

#include <doctest/doctest.h>

#include <set>

#include "wav2vec/core/error.h"
#include "wav2vec/text/token_set.h"

namespace wav2vec {
namespace {

TEST_CASE("every character has a token of its own, and it leads back") {
  std::set<int> tokens;
  for (const char character : CharacterTokens::kCharacters) {
    const int token = token_of(character);
    CHECK(token > CharacterTokens::kBlank);
    CHECK(token < CharacterTokens::kCount);
    CHECK(tokens.insert(token).second);
    CHECK(character_of(token) == character);
  }
  CHECK(tokens.size() == 28);
  CHECK(CharacterTokens::kCount == 29);
  CHECK(token_of(' ') == 1);
  CHECK(token_of('\'') == 2);
  CHECK(token_of('a') == 3);
  CHECK(token_of('z') == 28);
}

TEST_CASE("a reading there and back, repeats stay") {
  CHECK(encode("it's all") == std::vector<int>{11, 22, 2, 21, 1, 3, 14, 14});
  CHECK(text_of_tokens(TokenKind::letters, encode("it's all")) == "it's all");
  CHECK(encode("").empty());
  CHECK(text_of_tokens(TokenKind::letters, std::vector<int>{0, 3, 0, 0, 3, 4}) == "aab");
}

TEST_CASE("what is outside the alphabet is a bug of the caller") {
  for (const char character : {'A', '0', '-', '\xC3', '\n'}) CHECK(token_of(character) == -1);
  CHECK_THROWS_AS(encode("Abc"), InternalError);
  CHECK_THROWS_AS(encode("ř"), InternalError);
  CHECK_THROWS_AS(character_of(0), InternalError);
  CHECK_THROWS_AS(character_of(29), InternalError);
  CHECK_THROWS_AS(character_of(-1), InternalError);
}

}  // namespace
}  // namespace wav2vec
