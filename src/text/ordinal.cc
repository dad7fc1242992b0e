#include "text/ordinal.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>

#include "text/unicode_class.h"

namespace wav2vec {
namespace {

struct OrdinalMark {
  size_t end = 0;  ///< 0: none
  std::string_view gender;
  bool only_perhaps = false;
};

OrdinalMark romance_mark(Characters text, size_t at) {
  if (code(text, at) == '.') ++at;
  if (code(text, at) == 0xBA || code(text, at) == 0xB0) return {at + 1, "masculine", false};
  if (code(text, at) == 0xAA) return {at + 1, "feminine", false};
  return {};
}

OrdinalMark slavic_mark(Characters text, size_t at) {
  if (code(text, at) != '-' || !is_letter(code(text, at + 1))) return {};
  size_t end = at + 1;
  while (is_letter(code(text, end)) && end < at + 4) ++end;
  if (is_letter(code(text, end))) return {};
  const char32_t last = code(text, end - 1);
  const std::string_view gender = last == U'я' ? "feminine" : last == U'е' ? "neuter" : "masculine";
  return {end, last == U'о' ? "masculine-genitive" : gender, false};
}

/// "3. října", "3. Oktober": whether a dot ends the sentence or makes an ordinal, the next word tells at
/// best.
OrdinalMark dot_mark(const SpokenTables& tables, Characters text, const NumberToken& number) {
  const size_t at = number.end;
  const bool dots = tables.words != nullptr && tables.words->dot_makes_ordinal;
  if (!dots || number.whole.size() > 2 || code(text, at) != '.' || code(text, at + 1) != ' ') return {};
  const char32_t next = code(text, at + 2);
  if (!is_letter(next)) return {};
  const bool small = u_islower(static_cast<UChar32>(next));
  return {at + 1, "", !small && tables.language != "de"};
}

OrdinalMark ordinal_mark(const SpokenTables& tables, Characters text, const NumberToken& number) {
  const size_t at = number.end;
  const auto suffix = [&](std::initializer_list<std::string_view> suffixes) -> size_t {
    const std::string letters = small_letters_at(text, at);
    for (const std::string_view known : suffixes) {
      if (letters == known && !is_letter(code(text, at + known.size())) &&
          !is_mark(code(text, at + known.size())))
        return at + known.size();
    }
    return 0;
  };
  if (tables.language == "en") return {suffix({"st", "nd", "rd", "th"}), "", false};
  if (tables.language == "fr") {
    if (starts_with(text, at, U"ème") && !is_letter(code(text, at + 3))) return {at + 3, "masculine", false};
    if (starts_with(text, at, U"ère") && !is_letter(code(text, at + 3))) return {at + 3, "feminine", false};
    if (const size_t end = suffix({"re", "nde"}); end > 0) return {end, "feminine", false};
    return {suffix({"er", "e", "eme", "nd", "d"}), "masculine", false};
  }
  if (tables.language == "nl") return {suffix({"e", "ste", "de"}), "", false};
  if (tables.language == "es" || tables.language == "it" || tables.language == "pt")
    return romance_mark(text, at);
  if (tables.language == "ru" || tables.language == "uk" || tables.language == "bg")
    return slavic_mark(text, at);
  if (tables.language == "el") {
    if (starts_with(text, at, U"ος") || starts_with(text, at, U"ου")) return {at + 2, "masculine", false};
    if (code(text, at) == U'η' && !is_letter(code(text, at + 1))) return {at + 1, "feminine", false};
    if (code(text, at) == U'ο' && !is_letter(code(text, at + 1))) return {at + 1, "neuter", false};
    return {};
  }
  return dot_mark(tables, text, number);
}

/// forty → forties, hundred → hundreds.
std::string english_plural(const std::string& number) {
  if (number.ends_with('y')) return fmt::format("{}ies", number.substr(0, number.size() - 1));
  return fmt::format("{}s", number);
}

}  // namespace

std::optional<SpokenUnit> ordinal_at(const SpokenTables& tables, Characters text, const Amount& amount) {
  if (!amount.is_plain || amount.number.whole.size() > kMostDigits || amount.number.grouped)
    return std::nullopt;
  const OrdinalMark mark = ordinal_mark(tables, text, amount.number);
  if (mark.end == 0) return std::nullopt;
  const ByteRange source = range(text, amount.begin, mark.end);
  Words said = tables.speller.ordinals(to_integer(amount.number.whole), mark.gender);
  if (said.empty()) return std::nullopt;
  const std::string cardinal = tables.speller.cardinals(to_integer(amount.number.whole)).front();
  if (mark.only_perhaps) {
    said.insert(said.begin(), cardinal);
  } else if (code(text, mark.end - 1) == '.') {
    said.insert(said.begin() + std::min<std::ptrdiff_t>(3, static_cast<std::ptrdiff_t>(said.size())),
                cardinal);
  }
  SpokenUnit unit{mark.end, {}};
  for (std::string& way : said) add_choice(unit.choices, {{std::move(way), source}});
  return unit;
}

std::optional<SpokenUnit> decade_at(const SpokenTables& tables, Characters text, const Amount& amount) {
  const std::string& whole = amount.number.whole;
  if (tables.language != "en" || !amount.is_plain || amount.number.grouped || whole.size() > 4 ||
      !whole.ends_with('0'))
    return std::nullopt;
  const size_t at = code(text, amount.end) == '\'' ? amount.end + 1 : amount.end;
  if (code(text, at) != 's' || is_letter(code(text, at + 1))) return std::nullopt;
  SpokenUnit unit{at + 1, {}};
  const ByteRange source = range(text, amount.begin, unit.end);
  for (const std::string& way : ways_of(tables, amount.number))
    add_choice(unit.choices, {{english_plural(way), source}});
  return unit;
}

}  // namespace wav2vec
