#pragma once
// Questions about single characters that several files ask.

#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include <cstdint>

namespace wav2vec {

inline bool is_letter(char32_t c) { return u_isalpha(static_cast<UChar32>(c)); }
inline bool is_mark(char32_t c) { return (U_GET_GC_MASK(static_cast<UChar32>(c)) & U_GC_M_MASK) != 0; }
inline bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }
/// Of any script, and signs with a value like ½, ² and ①.
inline bool is_number(char32_t c) { return (U_GET_GC_MASK(static_cast<UChar32>(c)) & U_GC_N_MASK) != 0; }
inline bool is_blank(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || c == 0x85 || (U_GET_GC_MASK(static_cast<UChar32>(c)) & U_GC_Z_MASK) != 0;
}
/// A line break of any system.
inline bool is_line_end(char32_t c) {
  return (c >= 0x0A && c <= 0x0D) || c == 0x85 || c == 0x2028 || c == 0x2029;
}
inline bool is_apostrophe(char32_t c) {
  return c == '\'' || c == 0x2019 || c == 0x2018 || c == 0x02BC || c == 0xFF07 || c == 0x00B4 || c == '`';
}
inline bool is_dash(char32_t c) { return c == '-' || (c >= 0x2010 && c <= 0x2015) || c == 0x2212; }

inline UScriptCode script_of(char32_t c) {
  UErrorCode status = U_ZERO_ERROR;
  return uscript_getScript(static_cast<UChar32>(c), &status);
}
/// Written without blanks between words.
inline bool is_of_script_without_spaces(char32_t c) {
  return (u_getIntPropertyValue(static_cast<UChar32>(c), UCHAR_LINE_BREAK) == U_LB_COMPLEX_CONTEXT) ||
         script_of(c) == USCRIPT_HAN || script_of(c) == USCRIPT_HIRAGANA || script_of(c) == USCRIPT_KATAKANA;
}

}  // namespace wav2vec
