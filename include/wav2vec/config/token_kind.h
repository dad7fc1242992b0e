#pragma once
// What the tokens of a head stand for: the letters of a text or its sounds.

#include <string_view>

namespace wav2vec {

enum class TokenKind { letters, phones };
inline constexpr std::string_view kTokenKindNames[] = {"letters", "phones"};

}  // namespace wav2vec
