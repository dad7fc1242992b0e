#include "text/number_token.h"

#include <unicode/dcfmtsym.h>

#include "text/icu_error.h"
#include "text/unicode_class.h"

namespace wav2vec {
namespace {

using Characters = std::span<const TracedCharacter>;

char32_t code(Characters text, size_t at) { return at < text.size() ? text[at].code : U'\n'; }

size_t digits_end(Characters text, size_t at) {
  while (is_digit(code(text, at))) ++at;
  return at;
}

bool groups_follow(Characters text, size_t at, char32_t sign) {
  return code(text, at) == sign && digits_end(text, at + 1) == at + 4;
}

std::string digits_of(Characters text, size_t begin, size_t end) {
  std::string digits;
  for (size_t i = begin; i < end; ++i) {
    if (is_digit(text[i].code)) digits += static_cast<char>(text[i].code);
  }
  return digits;
}

bool is_decimal_sign(char32_t c) { return c == '.' || c == ','; }

}  // namespace

NumberStyle number_style(const std::string& language, bool groups_with_blanks) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::DecimalFormatSymbols symbols(icu::Locale(language.c_str()), status);
  check_icu(status, "signs of numbers");
  const auto sign = [&](icu::DecimalFormatSymbols::ENumberFormatSymbol which) {
    return static_cast<char32_t>(symbols.getConstSymbol(which).char32At(0));
  };
  return {sign(icu::DecimalFormatSymbols::kDecimalSeparatorSymbol),
          sign(icu::DecimalFormatSymbols::kGroupingSeparatorSymbol), groups_with_blanks};
}

NumberToken number_at(std::span<const TracedCharacter> text, size_t at, const NumberStyle& style) {
  NumberToken token;
  token.begin = at;
  size_t end = digits_end(text, at);
  const size_t first_end = end;

  const char32_t sign = code(text, end);
  const bool blank = sign == 0xA0 || (sign == ' ' && style.groups_with_blanks);
  const bool may_group =
      end - at <= 3 && text[at].code != '0' && (is_decimal_sign(sign) || sign == '\'' || blank);
  size_t groups = 0;
  if (may_group) {
    while (groups_follow(text, end, sign)) {
      end += 4;
      ++groups;
    }
  }
  if (groups == 1 && is_decimal_sign(sign)) {
    const char32_t next = code(text, end);
    const bool decimal_follows = is_decimal_sign(next) && next != sign && is_digit(code(text, end + 1));
    // "1.234" in a language that groups with another sign, and 1,234 where the comma is the decimal sign.
    if (!decimal_follows && sign == style.decimal) groups = 0;
  }
  if (groups == 0) end = first_end;
  token.grouped = groups > 0;
  token.whole = digits_of(text, at, end);

  const char32_t point = code(text, end);
  const bool may_be_decimal = is_decimal_sign(point) && !(token.grouped && point == sign);
  const size_t fraction_end = may_be_decimal ? digits_end(text, end + 1) : end;
  const bool is_list = is_decimal_sign(code(text, fraction_end)) && is_digit(code(text, fraction_end + 1));
  const bool after_list = at > 1 && is_decimal_sign(text[at - 1].code) && is_digit(text[at - 2].code);
  if (may_be_decimal && fraction_end > end + 1 && !is_list && !after_list) {
    token.fraction = digits_of(text, end + 1, fraction_end);
    end = fraction_end;
  }
  token.end = end;
  return token;
}

}  // namespace wav2vec
