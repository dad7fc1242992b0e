#pragma once
// Numbers as they are written.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "wav2vec/text/traced_text.h"

namespace wav2vec {

/// How a language writes numbers.
struct NumberStyle {
  char32_t decimal = '.';
  char32_t grouping = ',';
  bool groups_with_blanks = false;  ///< 10 000 with common blanks, not only with those that do not break
};

NumberStyle number_style(const std::string& language, bool groups_with_blanks);

struct NumberToken {
  size_t begin = 0;
  size_t end = 0;
  std::string whole;     ///< digits, without what groups them
  std::string fraction;  ///< digits behind the decimal sign; empty: none
  bool grouped = false;
};

/// The number that begins at text[at], a digit of a folded text. "1,234.5", "1.234,5", "10 000", "2,5": a dot
/// or comma before three digits groups them unless it is the language's decimal sign; before any other number
/// of digits it is the decimal sign, but not in lists ("1,2,3", "1.2.3").
NumberToken number_at(std::span<const TracedCharacter> text, size_t at, const NumberStyle& style);

}  // namespace wav2vec
