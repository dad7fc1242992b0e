#pragma once
// Words that are said for signs and numbers, and what the scanner of a folded text needs to find them.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wav2vec/text/traced_text.h"

namespace wav2vec {

using Characters = std::span<const TracedCharacter>;

/// Words in the language's own script (UTF-8) and the characters that they are said for.
struct SpokenPart {
  std::string words;
  ByteRange source = {};
};
using Spoken = std::vector<SpokenPart>;

struct SpokenUnit {
  size_t end = 0;               ///< the character behind the last one
  std::vector<Spoken> choices;  ///< the usual one first, at least one; a few more than the caller may want
};

/// Adds a choice, up to a bound. Parts that are said in another order than they are written come from the
/// whole.
void add_choice(std::vector<Spoken>& choices, Spoken spoken);

/// A line break behind the end.
inline char32_t code(Characters text, size_t at) { return at < text.size() ? text[at].code : U'\n'; }
/// As fold() leaves it, and no line break.
inline bool is_blank_in_line(char32_t c) { return c == ' ' || c == 0xA0; }
inline ByteRange range(Characters text, size_t begin, size_t end) {
  return source_of(text.subspan(begin, end - begin));
}
bool starts_with(Characters text, size_t at, std::u32string_view what);
/// ASCII letters from here on in small letters, at most 8 of them.
std::string small_letters_at(Characters text, size_t at);
/// 0 for what is no number or too large.
int64_t to_integer(std::string_view digits);

}  // namespace wav2vec
