#include "wav2vec/text/token_set.h"

#include "wav2vec/text/character_tokens.h"
#include "wav2vec/text/phone_tokens.h"

namespace wav2vec {

static_assert(CharacterTokens::kBlank == kBlankToken && PhoneTokens::kBlank == kBlankToken);
static_assert(CharacterTokens::kCharacters[kGapToken - 1] == ' ' &&
              PhoneTokens::kPhones[kGapToken - 1] == " ");

int token_count(TokenKind kind) {
  return kind == TokenKind::phones ? PhoneTokens::kCount : CharacterTokens::kCount;
}

std::string_view token_name(TokenKind kind, int token) {
  if (token == kBlankToken) return "";
  if (kind == TokenKind::phones) return phone_of(token);
  character_of(token);  // checks it
  return CharacterTokens::kCharacters.substr(static_cast<size_t>(token) - 1, 1);
}

std::string text_of_tokens(TokenKind kind, std::span<const int> tokens) {
  std::string text;
  for (const int token : tokens) text += token_name(kind, token);
  return text;
}

}  // namespace wav2vec
