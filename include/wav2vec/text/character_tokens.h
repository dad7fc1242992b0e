#pragma once
// The characters that a head predicts, numbered.

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wav2vec {

/// 0 is CTC's blank and stands for no character; then the blank between words, the apostrophe and a to z.
struct CharacterTokens {
  static constexpr int kBlank = 0;
  static constexpr std::string_view kCharacters = " 'abcdefghijklmnopqrstuvwxyz";
  static constexpr int kCount = 1 + static_cast<int>(kCharacters.size());
};

/// The token of a character; −1 for one that has none.
int token_of(char character);
/// Throws InternalError for a number that is no character's token.
char character_of(int token);

/// A reading has tokens for all its characters; throws InternalError for any other text.
std::vector<int> encode(std::string_view reading);

}  // namespace wav2vec
