#include "text/fraction.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "text/unicode_class.h"

namespace wav2vec {
namespace {

Words fraction_words(const SpokenTables& tables, int64_t above, int64_t below) {
  Words ways;
  const auto add_word = [&](std::string_view way) {
    if (!way.empty()) ways.emplace_back(way);
  };
  if (above == 1 && below == 2) add_word(tables.word(&LanguageWords::half));
  if (above == 1 && below == 4) add_word(tables.word(&LanguageWords::quarter));
  if (above == 3 && below == 4) add_word(tables.word(&LanguageWords::three_quarters));
  const std::string over = tables.speller.cardinals(above).front();
  if (tables.language == "en" && above == 1 && below == 2) add_word("half");
  if (tables.language == "en" && below != 2) {
    for (const std::string& part : tables.speller.ordinals(below))
      ways.push_back(fmt::format("{} {}{}", over, part, above == 1 ? "" : "s"));
  }
  const std::string under = tables.speller.cardinals(below).front();
  if (tables.language == "en") ways.push_back(fmt::format("{} over {}", over, under));
  ways.push_back(fmt::format("{} {}", over, under));
  return ways;
}

struct Vulgar {
  char32_t sign = 0;
  int64_t above = 0;
  int64_t below = 1;
};

Vulgar vulgar_at(Characters text, size_t at) {
  constexpr std::array<Vulgar, 18> kVulgar = {{{0xBC, 1, 4},
                                               {0xBD, 1, 2},
                                               {0xBE, 3, 4},
                                               {0x2150, 1, 7},
                                               {0x2151, 1, 9},
                                               {0x2152, 1, 10},
                                               {0x2153, 1, 3},
                                               {0x2154, 2, 3},
                                               {0x2155, 1, 5},
                                               {0x2156, 2, 5},
                                               {0x2157, 3, 5},
                                               {0x2158, 4, 5},
                                               {0x2159, 1, 6},
                                               {0x215A, 5, 6},
                                               {0x215B, 1, 8},
                                               {0x215C, 3, 8},
                                               {0x215D, 5, 8},
                                               {0x215E, 7, 8}}};
  const char32_t c = code(text, at);
  const auto* found =
      std::find_if(kVulgar.begin(), kVulgar.end(), [&](const Vulgar& v) { return v.sign == c; });
  return found == kVulgar.end() ? Vulgar{} : *found;
}

}  // namespace

std::optional<SpokenUnit> fraction_at(const SpokenTables& tables, Characters text, const NumberToken& above) {
  if (code(text, above.end) != '/' || !above.fraction.empty() || above.grouped) return std::nullopt;
  if (above.begin > 0 && text[above.begin - 1].code == '/') return std::nullopt;
  if (!is_digit(code(text, above.end + 1))) return std::nullopt;
  const NumberToken below = number_at(text, above.end + 1, tables.style);
  if (!below.fraction.empty() || below.grouped || code(text, below.end) == '/' || above.whole.size() > 2 ||
      below.whole.size() > 3)
    return std::nullopt;
  const int64_t a = to_integer(above.whole);
  const int64_t b = to_integer(below.whole);
  if (a == 0 || b < 2 || a >= b) return std::nullopt;
  SpokenUnit unit{below.end, {}};
  const ByteRange source = range(text, above.begin, below.end);
  for (const std::string& way : fraction_words(tables, a, b)) add_choice(unit.choices, {{way, source}});
  return unit;
}

std::optional<SpokenUnit> mixed_at(const SpokenTables& tables, Characters text, const Amount& amount) {
  size_t at = amount.end;
  if (code(text, at) == ' ' || code(text, at) == 0xA0) ++at;
  const Vulgar part = vulgar_at(text, at);
  if (part.sign == 0) return std::nullopt;
  const std::string_view and_half = tables.word(&LanguageWords::and_half);
  const std::string_view joiner = tables.word(&LanguageWords::ampersand);
  SpokenUnit unit{at + 1, {}};
  const ByteRange source = range(text, at, at + 1);
  Spoken count = amount.say({}).front();
  Words tails;
  if (part.above == 1 && part.below == 2 && !and_half.empty()) tails.emplace_back(and_half);
  for (const std::string& way : fraction_words(tables, part.above, part.below))
    tails.push_back(fmt::format("{} {}", joiner, way));
  for (const std::string& tail : tails) {
    Spoken spoken = count;
    spoken.push_back({tail, source});
    add_choice(unit.choices, spoken);
  }
  return unit;
}

std::optional<SpokenUnit> vulgar_fraction_at(const SpokenTables& tables, Characters text, size_t at) {
  const Vulgar part = vulgar_at(text, at);
  if (part.sign == 0) return std::nullopt;
  SpokenUnit unit{at + 1, {}};
  for (const std::string& way : fraction_words(tables, part.above, part.below))
    add_choice(unit.choices, {{way, range(text, at, at + 1)}});
  return unit;
}

}  // namespace wav2vec
