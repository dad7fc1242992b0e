#include "text/amount.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "text/unicode_class.h"

namespace wav2vec {
namespace {

constexpr size_t kPhoneDigits = 7;

double value_of(const NumberToken& number) {
  const std::string text =
      fmt::format("{}.{}", number.whole, number.fraction.empty() ? "0" : number.fraction);
  double value = 0.0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool is_free_before(Characters text, size_t at) {
  return at == 0 || is_blank(text[at - 1].code) || text[at - 1].code == '(' || text[at - 1].code == '=';
}

bool is_range(Characters text, const NumberToken& a, const NumberToken& b) {
  const bool zeros = a.whole[0] == '0' || b.whole[0] == '0';
  const bool more_follows = code(text, b.end) == '-' && is_digit(code(text, b.end + 1));
  const bool more_before = a.begin > 1 && code(text, a.begin - 1) == '-' && is_digit(code(text, a.begin - 2));
  const bool like_a_phone = a.whole.size() == 3 && b.whole.size() == 4 && !b.whole.ends_with('0');
  return !zeros && !more_follows && !more_before && !like_a_phone && value_of(a) < value_of(b) &&
         a.whole.size() <= 6 && b.whole.size() <= 6;
}

Amount range_amount(const SpokenTables& tables, Characters text, const NumberToken& a, const NumberToken& b) {
  Amount amount;
  amount.begin = a.begin;
  amount.end = b.end;
  amount.number = b;
  amount.value = value_of(b);
  const ByteRange first = range(text, a.begin, a.end);
  const ByteRange dash = range(text, a.end, b.begin);
  const ByteRange second = range(text, b.begin, b.end);
  amount.say = [&tables, a, b, first, dash, second](std::string_view gender) {
    const std::string_view to = tables.word(&LanguageWords::to);
    const Words from_ways = ways_of(tables, a, gender);
    const Words to_ways = ways_of(tables, b, gender);
    std::vector<Spoken> choices;
    const auto both = [&](size_t way, bool joined) {
      Spoken spoken{{from_ways[std::min(way, from_ways.size() - 1)], first}};
      if (joined && !to.empty()) spoken.push_back({std::string(to), dash});
      spoken.push_back({to_ways[std::min(way, to_ways.size() - 1)], second});
      add_choice(choices, spoken);
    };
    both(0, true);
    both(0, false);
    both(1, true);
    return choices;
  };
  return amount;
}

}  // namespace

Words ways_of(const SpokenTables& tables, const NumberToken& number, std::string_view gender) {
  if (!number.fraction.empty() && number.whole.size() <= kMostDigits) {
    Words read = tables.speller.decimals(number.whole, number.fraction, gender);
    const std::string_view and_half = tables.word(&LanguageWords::and_half);
    if (number.fraction == "5" && number.whole != "0" && !and_half.empty())
      read.push_back(
          fmt::format("{} {}", tables.speller.cardinals(to_integer(number.whole), gender).front(), and_half));
    return read;
  }
  const std::string& whole = number.whole;
  const std::string all = whole + number.fraction;
  if (whole.size() > kMostDigits) return tables.speller.digits(all);
  const int64_t value = to_integer(whole);
  const bool leading_zero = whole.size() > 1 && whole[0] == '0';
  if (leading_zero || (!number.grouped && whole.size() >= kPhoneDigits)) {
    Words read = tables.speller.digits(whole);
    if (!leading_zero || whole.size() == 2) read.push_back(tables.speller.cardinals(value).front());
    return read;
  }
  const bool is_year =
      !number.grouped && whole.size() == 4 && value >= 1100 && value < 2100 && gender.empty();
  Words read = is_year ? tables.speller.years(value) : tables.speller.cardinals(value, gender);
  if (!number.grouped && whole.size() >= 3) read.push_back(tables.speller.digits(whole).back());
  return read;
}

std::optional<Amount> amount_at(const SpokenTables& tables, Characters text, size_t at) {
  size_t first = at;
  std::string_view sign;
  if ((code(text, at) == '-' || code(text, at) == '+') && is_digit(code(text, at + 1)) &&
      is_free_before(text, at)) {
    sign = tables.word(code(text, at) == '-' ? &LanguageWords::minus : &LanguageWords::plus);
    ++first;
  }
  if (!is_digit(code(text, first))) return std::nullopt;
  Amount amount;
  amount.begin = at;
  const NumberToken number = number_at(text, first, tables.style);
  if (code(text, number.end) == '-' && is_digit(code(text, number.end + 1)) && sign.empty()) {
    const NumberToken second = number_at(text, number.end + 1, tables.style);
    if (is_range(text, number, second)) return range_amount(tables, text, number, second);
  }
  amount.end = number.end;
  amount.number = number;
  amount.is_plain = first == at && number.fraction.empty();
  amount.value = value_of(number);
  const ByteRange source = range(text, first, number.end);
  const ByteRange sign_source = first > at ? range(text, at, first) : ByteRange{};
  amount.say = [&tables, number, source, sign, sign_source](std::string_view gender) {
    std::vector<Spoken> choices;
    for (const std::string& way : ways_of(tables, number, gender)) {
      Spoken spoken;
      if (!sign.empty()) spoken.push_back({std::string(sign), sign_source});
      spoken.push_back({way, source});
      add_choice(choices, spoken);
    }
    if (!sign.empty()) {
      Spoken unsigned_choice = choices.front();
      unsigned_choice.erase(unsigned_choice.begin());
      choices.insert(choices.begin() + 1, unsigned_choice);
    }
    return choices;
  };
  return amount;
}

}  // namespace wav2vec
