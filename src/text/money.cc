#include "text/money.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "text/unicode_class.h"

namespace wav2vec {
namespace {

struct SignAt {
  const CurrencySign* sign = nullptr;
  size_t end = 0;
};

SignAt currency_at(const SpokenTables& tables, Characters text, size_t at, bool before) {
  for (const CurrencySign& sign : currency_signs()) {
    if ((before && !sign.before) || (!sign.only.empty() && sign.only != tables.language)) continue;
    if (!starts_with(text, at, sign.sign)) continue;
    const size_t end = at + sign.sign.size();
    if (sign.is_word && (is_letter(code(text, end)) || (at > 0 && is_letter(text[at - 1].code)))) continue;
    // "руб." is written with its dot.
    return {&sign, sign.sign == U"руб" && code(text, end) == '.' ? end + 1 : end};
  }
  return {};
}

std::string currency_word(const SpokenTables& tables, std::string_view iso, double value) {
  const CurrencyWords* currency = find_currency(tables.language, iso);
  if (currency != nullptr) return std::string(currency->unit.of(tables.speller.plural_category(value)));
  return tables.speller.currency_name(iso, value);
}

/// "$5 million": a word of quantity that the currency is said behind.
struct Magnitude {
  std::string_view word;
  size_t end = 0;
};

Magnitude magnitude_at(const SpokenTables& tables, Characters text, size_t at) {
  if (tables.language != "en") return {};
  constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kWords = {{{"million", "million"},
                                                                                    {"billion", "billion"},
                                                                                    {"trillion", "trillion"},
                                                                                    {"thousand", "thousand"},
                                                                                    {"hundred", "hundred"},
                                                                                    {"bn", "billion"},
                                                                                    {"m", "million"},
                                                                                    {"k", "thousand"},
                                                                                    {"b", "billion"}}};
  const size_t begin = code(text, at) == ' ' ? at + 1 : at;
  const std::string written = small_letters_at(text, begin);
  for (const auto& [name, said] : kWords) {
    const size_t end = begin + name.size();
    if (written == name && !is_letter(code(text, end)) && (name.size() > 2 || begin == at))
      return {said, end};
  }
  return {};
}

/// "two dollars fifty", "two dollars and fifty cents", "two fifty".
void add_hundredths(const SpokenTables& tables, Characters text, const Amount& amount,
                    const CurrencySign& sign, ByteRange sign_source, SpokenUnit& unit) {
  const CurrencyWords* currency = find_currency(tables.language, sign.code);
  const std::string_view gender = currency == nullptr ? std::string_view() : currency->gender;
  const NumberToken& number = amount.number;
  const auto whole = static_cast<double>(to_integer(number.whole));
  const int64_t hundredths = to_integer(number.fraction);
  const ByteRange source = range(text, amount.begin, amount.end);
  const std::string count = tables.speller.cardinals(to_integer(number.whole), gender).front();
  const std::string name = currency_word(tables, sign.code, whole);
  if (hundredths == 0) return add_choice(unit.choices, {{count, source}, {name, sign_source}});
  const std::string part = tables.speller.cardinals(hundredths).front();
  const std::string_view cents =
      currency == nullptr
          ? std::string_view()
          : currency->hundredth.of(tables.speller.plural_category(static_cast<double>(hundredths)));
  const ByteRange all{std::min(source.begin, sign_source.begin), std::max(source.end, sign_source.end)};
  if (!cents.empty() && whole == 0.0)
    return add_choice(unit.choices, {{fmt::format("{} {}", part, cents), all}});
  add_choice(unit.choices, {{fmt::format("{} {} {}", count, name, part), all}});
  if (!cents.empty())
    add_choice(unit.choices, {{fmt::format("{} {} and {} {}", count, name, part, cents), all}});
  add_choice(unit.choices, {{fmt::format("{} {}", count, part), all}});
}

SpokenUnit money(const SpokenTables& tables, Characters text, const Amount& amount, const CurrencySign& sign,
                 ByteRange sign_source, size_t end) {
  const CurrencyWords* currency = find_currency(tables.language, sign.code);
  const std::string_view gender = currency == nullptr ? std::string_view() : currency->gender;
  SpokenUnit unit{end, {}};
  const Magnitude magnitude = end == amount.end ? magnitude_at(tables, text, end) : Magnitude{};
  if (magnitude.end > 0) {
    const ByteRange source = range(text, amount.end, magnitude.end);
    for (Spoken spoken : amount.say({})) {
      spoken.push_back({std::string(magnitude.word), source});
      spoken.push_back({currency_word(tables, sign.code, 1e6), sign_source});
      add_choice(unit.choices, spoken);
    }
    unit.end = magnitude.end;
    return unit;
  }
  const NumberToken& number = amount.number;
  if (number.fraction.size() == 2 && number.whole.size() <= kMostDigits)
    add_hundredths(tables, text, amount, sign, sign_source, unit);
  if (number.fraction == "00") return unit;
  for (Spoken spoken : amount.say(gender)) {
    spoken.push_back({currency_word(tables, sign.code, amount.value), sign_source});
    add_choice(unit.choices, spoken);
  }
  return unit;
}

}  // namespace

std::optional<SpokenUnit> money_at(const SpokenTables& tables, Characters text, size_t at) {
  const SignAt found = currency_at(tables, text, at, true);
  if (found.sign == nullptr) return std::nullopt;
  size_t number_begin = found.end;
  if (code(text, number_begin) == ' ' || code(text, number_begin) == 0xA0) ++number_begin;
  if (!is_digit(code(text, number_begin))) return std::nullopt;
  const std::optional<Amount> amount = amount_at(tables, text, number_begin);
  if (!amount) return std::nullopt;
  return money(tables, text, *amount, *found.sign, range(text, at, found.end), amount->end);
}

std::optional<SpokenUnit> money_behind(const SpokenTables& tables, Characters text, const Amount& amount) {
  const size_t at = is_blank_in_line(code(text, amount.end)) ? amount.end + 1 : amount.end;
  const SignAt found = currency_at(tables, text, at, false);
  if (found.sign == nullptr) return std::nullopt;
  return money(tables, text, amount, *found.sign, range(text, at, found.end), found.end);
}

}  // namespace wav2vec
