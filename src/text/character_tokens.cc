#include "wav2vec/text/character_tokens.h"

#include <fmt/format.h>

#include "wav2vec/core/error.h"

namespace wav2vec {

int token_of(char character) {
  const size_t at = CharacterTokens::kCharacters.find(character);
  return at == std::string_view::npos ? -1 : static_cast<int>(at) + 1;
}

char character_of(int token) {
  W2V_CHECK(token > CharacterTokens::kBlank && token < CharacterTokens::kCount,
            fmt::format("token {} is no character", token));
  return CharacterTokens::kCharacters[static_cast<size_t>(token) - 1];
}

std::vector<int> encode(std::string_view reading) {
  std::vector<int> tokens;
  tokens.reserve(reading.size());
  for (const char character : reading) {
    const int token = token_of(character);
    W2V_CHECK(token > CharacterTokens::kBlank,
              fmt::format("byte 0x{:02x} is outside the alphabet", static_cast<unsigned char>(character)));
    tokens.push_back(token);
  }
  return tokens;
}

}  // namespace wav2vec
