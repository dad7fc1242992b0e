#include "text/folded_text.h"

#include <unicode/normalizer2.h>

#include "text/icu_error.h"
#include "text/unicode_class.h"

namespace wav2vec {
namespace {

bool joins_thousands(char32_t c) { return c == 0xA0 || c == 0x202F || c == 0x2009 || c == 0x2007; }
bool is_unspoken_sign(char32_t c) { return c == 0x2122 || c == 0xA9 || c == 0xAE || c == 0x2120; }
bool is_long_dash(char32_t c) { return c == 0x2014 || c == 0x2015; }
bool is_fraction(char32_t c) {
  return (c >= 0xBC && c <= 0xBE) || (c >= 0x2150 && c <= 0x215E) || c == 0x2189;
}
bool is_ordinal_sign(char32_t c) { return c == 0xBA || c == 0xAA; }

bool has_compatible_form(char32_t c) {
  const int32_t type = u_getIntPropertyValue(static_cast<UChar32>(c), UCHAR_DECOMPOSITION_TYPE);
  return type != U_DT_NONE && type != U_DT_CANONICAL && !is_fraction(c) && !is_ordinal_sign(c);
}

/// ², ₂ and ① are numbers of their own: 10² is not 102.
bool is_raised_number(char32_t c) {
  return u_charType(static_cast<UChar32>(c)) == U_OTHER_NUMBER && !is_fraction(c);
}

}  // namespace

TracedText fold(std::span<const TracedCharacter> text) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfkc = icu::Normalizer2::getNFKCInstance(status);
  check_icu(status, "NFKC");
  TracedText folded;
  folded.reserve(text.size());
  for (const TracedCharacter& c : text) {
    const auto put = [&](char32_t code) { folded.push_back({code, c.source}); };
    const int32_t digit = u_charDigitValue(static_cast<UChar32>(c.code));
    if (c.code < 0x80 && c.code != '`') {
      put(is_line_end(c.code) ? U'\n' : is_blank(c.code) ? U' ' : c.code);
    } else if (is_line_end(c.code)) {
      put('\n');
    } else if (joins_thousands(c.code)) {
      put(0xA0);
    } else if (is_blank(c.code) || is_unspoken_sign(c.code) || is_long_dash(c.code)) {
      put(' ');
    } else if (is_apostrophe(c.code)) {
      put('\'');
    } else if (is_dash(c.code)) {
      put('-');
    } else if (digit >= 0 && u_charType(static_cast<UChar32>(c.code)) == U_DECIMAL_DIGIT_NUMBER) {
      put(static_cast<char32_t>('0' + digit));
    } else if (has_compatible_form(c.code)) {
      const icu::UnicodeString form =
          nfkc->normalize(icu::UnicodeString(static_cast<UChar32>(c.code)), status);
      check_icu(status, "NFKC");
      if (is_raised_number(c.code)) put(' ');
      for (int32_t i = 0; i < form.length(); i = form.moveIndex32(i, 1))
        put(static_cast<char32_t>(form.char32At(i)));
      if (is_raised_number(c.code)) put(' ');
    } else {
      put(c.code);
    }
  }
  return folded;
}

}  // namespace wav2vec
