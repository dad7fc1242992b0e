#include "text/spoken_forms.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "text/amount.h"
#include "text/clock_time.h"
#include "text/fraction.h"
#include "text/measure.h"
#include "text/money.h"
#include "text/ordinal.h"
#include "text/spoken_tables.h"
#include "text/telephone.h"
#include "text/unicode_class.h"

namespace wav2vec {
namespace {

std::optional<SpokenUnit> one_word(Characters text, size_t at, std::string_view said) {
  if (said.empty()) return std::nullopt;
  SpokenUnit unit{at + 1, {}};
  add_choice(unit.choices, {{std::string(said), range(text, at, at + 1)}});
  return unit;
}

/// Tamil's ten and other signs with a whole value.
std::optional<SpokenUnit> other_numeral_at(const SpokenTables& tables, Characters text, size_t at) {
  const char32_t c = code(text, at);
  const double value = u_getNumericValue(static_cast<UChar32>(c));
  if (!is_number(c) || !(value >= 0.0 && value <= 1e12) ||
      value != static_cast<double>(static_cast<int64_t>(value)))
    return std::nullopt;
  SpokenUnit unit{at + 1, {}};
  for (const std::string& way : tables.speller.cardinals(static_cast<int64_t>(value)))
    add_choice(unit.choices, {{way, range(text, at, at + 1)}});
  return unit;
}

std::optional<SpokenUnit> sign_at(const SpokenTables& tables, Characters text, size_t at) {
  switch (code(text, at)) {
    case '&':
      return one_word(text, at, tables.word(&LanguageWords::ampersand));
    case '+':
      return one_word(text, at, tables.word(&LanguageWords::plus));
    case '=':
      return one_word(text, at, tables.word(&LanguageWords::equals));
    case '@':
      return one_word(text, at, tables.word(&LanguageWords::at));
    case '#':
      if (is_digit(code(text, at + 1))) return one_word(text, at, tables.word(&LanguageWords::number));
      if (tables.language == "en" && is_letter(code(text, at + 1))) return one_word(text, at, "hashtag");
      return std::nullopt;
    case '%':
      return tables.words == nullptr ? std::nullopt : one_word(text, at, tables.words->percent.other);
    default:
      return std::nullopt;
  }
}

std::optional<SpokenUnit> number_unit_at(const SpokenTables& tables, Characters text, size_t at) {
  if (is_digit(code(text, at))) {
    if (auto time = time_at(tables, text, at)) return time;
  }
  const std::optional<Amount> amount = amount_at(tables, text, at);
  if (!amount) return std::nullopt;
  if (amount->is_plain) {
    if (auto fraction = fraction_at(tables, text, amount->number)) return fraction;
    if (auto mixed = mixed_at(tables, text, *amount)) return mixed;
    if (auto telephone = telephone_at(tables, text, at)) return telephone;
  }
  if (auto percent = with_percent(tables, text, *amount)) return percent;
  if (auto decade = decade_at(tables, text, *amount)) return decade;
  if (auto ordinal = ordinal_at(tables, text, *amount)) return ordinal;
  if (auto degrees = with_degrees(tables, text, *amount)) return degrees;
  if (auto money = money_behind(tables, text, *amount)) return money;
  return SpokenUnit{amount->end, amount->say({})};
}

}  // namespace

SpokenForms::SpokenForms(const std::string& language) : tables_(std::make_unique<SpokenTables>(language)) {}
SpokenForms::~SpokenForms() = default;
SpokenForms::SpokenForms(SpokenForms&&) noexcept = default;

std::optional<SpokenUnit> SpokenForms::unit_at(std::span<const TracedCharacter> text, size_t at) const {
  if (auto money = money_at(*tables_, text, at)) return money;
  if (is_letter(code(text, at))) return std::nullopt;
  if (auto number = number_unit_at(*tables_, text, at)) return number;
  if (auto fraction = vulgar_fraction_at(*tables_, text, at)) return fraction;
  if (auto other = other_numeral_at(*tables_, text, at)) return other;
  return sign_at(*tables_, text, at);
}

std::optional<SpokenUnit> SpokenForms::abbreviation_at(std::span<const TracedCharacter> text, size_t at,
                                                       size_t end) const {
  const std::string written = small_letters_at(text, at);
  if (written.size() != end - at) return std::nullopt;
  const Abbreviation* known = find_abbreviation(tables_->language, written);
  if (known == nullptr) return std::nullopt;
  const bool dot = code(text, end) == '.';
  const bool capital = code(text, at) >= 'A' && code(text, at) <= 'Z' && code(text, at + 1) >= 'a';
  if (!dot && (known->needs_dot || !capital)) return std::nullopt;
  const size_t next = code(text, end + 1) == ' ' ? end + 2 : end + 1;
  if (known->before_number && !is_digit(code(text, next))) return std::nullopt;
  SpokenUnit unit{dot ? end + 1 : end, {}};
  const ByteRange source = range(text, at, unit.end);
  std::string_view first = known->first;
  std::string_view second = known->second;
  // "St. Mary", but "Main St."
  if (written == "st" && !u_isupper(static_cast<UChar32>(code(text, next)))) std::swap(first, second);
  add_choice(unit.choices, {{std::string(first), source}});
  if (!second.empty()) add_choice(unit.choices, {{std::string(second), source}});
  return unit;
}

}  // namespace wav2vec
