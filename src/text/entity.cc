#include "text/entity.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>

namespace wav2vec {
namespace {

constexpr std::pair<std::string_view, char32_t> kNames[] = {
    {"amp", '&'},       {"lt", '<'},       {"gt", '>'},       {"quot", '"'},     {"apos", '\''},
    {"lrm", 0x200E},    {"rlm", 0x200F},   {"zwj", 0x200D},   {"zwnj", 0x200C},  {"ndash", 0x2013},
    {"mdash", 0x2014},  {"lsquo", 0x2018}, {"rsquo", 0x2019}, {"ldquo", 0x201C}, {"rdquo", 0x201D},
    {"hellip", 0x2026}, {"bull", 0x2022},  {"euro", 0x20AC},  {"trade", 0x2122}, {"oelig", 0x153},
    {"OElig", 0x152},   {"scaron", 0x161}, {"Scaron", 0x160}, {"ensp", 0x2002},  {"emsp", 0x2003},
    {"thinsp", 0x2009}, {"zcaron", 0x17E}, {"Zcaron", 0x17D}, {"ccaron", 0x10D}, {"Ccaron", 0x10C},
};

// From U+00A0 on.
constexpr std::string_view kLatin1[] = {
    "nbsp",   "iexcl",  "cent",   "pound",  "curren", "yen",    "brvbar", "sect",   "uml",    "copy",
    "ordf",   "laquo",  "not",    "shy",    "reg",    "macr",   "deg",    "plusmn", "sup2",   "sup3",
    "acute",  "micro",  "para",   "middot", "cedil",  "sup1",   "ordm",   "raquo",  "frac14", "frac12",
    "frac34", "iquest", "Agrave", "Aacute", "Acirc",  "Atilde", "Auml",   "Aring",  "AElig",  "Ccedil",
    "Egrave", "Eacute", "Ecirc",  "Euml",   "Igrave", "Iacute", "Icirc",  "Iuml",   "ETH",    "Ntilde",
    "Ograve", "Oacute", "Ocirc",  "Otilde", "Ouml",   "times",  "Oslash", "Ugrave", "Uacute", "Ucirc",
    "Uuml",   "Yacute", "THORN",  "szlig",  "agrave", "aacute", "acirc",  "atilde", "auml",   "aring",
    "aelig",  "ccedil", "egrave", "eacute", "ecirc",  "euml",   "igrave", "iacute", "icirc",  "iuml",
    "eth",    "ntilde", "ograve", "oacute", "ocirc",  "otilde", "ouml",   "divide", "oslash", "ugrave",
    "uacute", "ucirc",  "uuml",   "yacute", "thorn",  "yuml"};
static_assert(std::size(kLatin1) == 0x100 - 0xA0);

char32_t numbered(std::string_view digits) {
  int base = 10;
  if (digits.starts_with('x') || digits.starts_with('X')) {
    base = 16;
    digits.remove_prefix(1);
  }
  uint32_t code = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, base);
  if (digits.empty() || end != digits.data() + digits.size()) return 0;
  const bool is_character =
      error == std::errc() && code != 0 && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
  return is_character ? code : 0xFFFD;
}

char32_t named(std::string_view name) {
  for (const auto& [known, code] : kNames) {
    if (known == name) return code;
  }
  const auto* at = std::find(std::begin(kLatin1), std::end(kLatin1), name);
  return at == std::end(kLatin1) ? 0 : static_cast<char32_t>(0xA0 + (at - std::begin(kLatin1)));
}

}  // namespace

Entity entity_at(std::span<const TracedCharacter> text) {
  constexpr size_t kLongest = 12;
  std::string name;
  for (size_t i = 1; i < std::min(text.size(), kLongest); ++i) {
    const char32_t c = text[i].code;
    if (c == ';') {
      const char32_t code = name.starts_with('#') ? numbered(std::string_view(name).substr(1)) : named(name);
      return code == 0 ? Entity{} : Entity{code, i + 1};
    }
    if (c >= 0x80) break;
    name += static_cast<char>(c);
  }
  return {};
}

}  // namespace wav2vec
