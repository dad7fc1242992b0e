#pragma once
// What letters (character_tokens.h) and phones (phone_tokens.h) have in common, for those who only need
// numbers.

#include <span>
#include <string>
#include <string_view>

#include "wav2vec/config/token_kind.h"

namespace wav2vec {

/// In every set: CTC's blank, and the blank between words.
inline constexpr int kBlankToken = 0;
inline constexpr int kGapToken = 1;

/// With kBlankToken.
int token_count(TokenKind kind);
/// A letter, a phone in IPA or " "; empty for CTC's blank. Throws InternalError for a number that is no
/// token.
std::string_view token_name(TokenKind kind, int token);
/// The names in a row, CTC's blanks left out; repeats are kept.
std::string text_of_tokens(TokenKind kind, std::span<const int> tokens);

}  // namespace wav2vec
