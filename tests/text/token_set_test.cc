#include "wav2vec/text/token_set.h"

#include <doctest/doctest.h>

#include "wav2vec/core/error.h"
#include "wav2vec/text/character_tokens.h"
#include "wav2vec/text/phone_tokens.h"

namespace wav2vec {

TEST_CASE("token set: letters and phones have the same blanks") {
  CHECK(token_count(TokenKind::letters) == CharacterTokens::kCount);
  CHECK(token_count(TokenKind::phones) == PhoneTokens::kCount);
  for (const TokenKind kind : {TokenKind::letters, TokenKind::phones}) {
    CHECK(token_name(kind, kBlankToken).empty());
    CHECK(token_name(kind, kGapToken) == " ");
    CHECK_THROWS_AS(token_name(kind, token_count(kind)), InternalError);
    CHECK_THROWS_AS(token_name(kind, -1), InternalError);
  }
}

TEST_CASE("token set: tokens as text") {
  CHECK(text_of_tokens(TokenKind::letters, encode("it's all")) == "it's all");
  const int tokens[] = {token_of_phone("ð"), kBlankToken, token_of_phone("ə"), kGapToken,
                        token_of_phone("r̝")};
  CHECK(text_of_tokens(TokenKind::phones, tokens) == "ðə r̝");
}

}  // namespace wav2vec
