#include "subtitle/clock_field.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "subtitle/text_lines.h"
#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

constexpr std::string_view kColons[] = {":", "\xEF\xBC\x9A", ";", "\xEF\xBC\x9B"};
// , . and their wide forms ， ． 。
constexpr std::string_view kDecimalMarks[] = {",", ".", "\xEF\xBC\x8C", "\xEF\xBC\x8E", "\xE3\x80\x82"};
// A minus and two dashes that are taken for it.
constexpr std::string_view kMinus[] = {"-", "\xE2\x88\x92", "\xE2\x80\x93"};

template <size_t count>
std::string_view one_of(const std::string_view (&known)[count], std::string_view text, size_t at) {
  for (const std::string_view one : known) {
    if (text.substr(std::min(at, text.size())).starts_with(one)) return text.substr(at, one.size());
  }
  return {};
}

/// 0 to 9 for an ASCII or wide digit at text[at] and its length; length 0: none.
struct Digit {
  int value = 0;
  size_t length = 0;
};

Digit digit_at(std::string_view text, size_t at) {
  if (at >= text.size()) return {};
  if (is_ascii_digit(text[at])) return {text[at] - '0', 1};
  // U+FF10 to U+FF19
  if (at + 2 < text.size() && text[at] == '\xEF' && text[at + 1] == '\xBC' &&
      static_cast<unsigned char>(text[at + 2]) >= 0x90 && static_cast<unsigned char>(text[at + 2]) <= 0x99)
    return {static_cast<unsigned char>(text[at + 2]) - 0x90, 3};
  return {};
}

struct Number {
  std::string_view written;
  int64_t value = 0;  ///< of the first 18 digits
  size_t digits = 0;
  bool wide = false;
};

Number number_at(std::string_view text, size_t at) {
  Number number;
  size_t end = at;
  while (true) {
    const Digit digit = digit_at(text, end);
    if (digit.length == 0) break;
    if (number.digits < 18) number.value = number.value * 10 + digit.value;
    ++number.digits;
    number.wide |= digit.length > 1;
    end += digit.length;
  }
  number.written = text.substr(at, end - at);
  return number;
}

constexpr size_t kLongestNumber = 9;

double fraction_of(const Number& number) {
  return static_cast<double>(number.value) /
         std::pow(10.0, static_cast<double>(std::min<size_t>(number.digits, 18)));
}

size_t digits_in(std::string_view written) { return number_at(written, 0).digits; }

std::string widened(std::string_view digits) {
  std::string wide;
  for (const char c : digits) {
    wide += "\xEF\xBC";
    wide += static_cast<char>(0x90 + (c - '0'));
  }
  return wide;
}

}  // namespace

std::optional<ClockField> clock_at(std::string_view text, size_t at) {
  ClockField field;
  field.place.begin = at;
  const std::string_view sign = one_of(kMinus, text, at);
  field.negative = !sign.empty();
  at += sign.size();

  std::array<Number, 4> numbers = {};
  std::array<std::string_view, 3> marks = {};
  size_t count = 0;
  bool decimal = false;  // the last number is a fraction
  size_t end = at;
  while (count < numbers.size()) {
    Number number = number_at(text, at);
    if (number.digits == 0) break;
    if (number.digits > kLongestNumber && !decimal) return std::nullopt;
    field.wide_digits |= number.wide;
    numbers[count++] = number;
    at += number.written.size();
    end = at;
    if (decimal || count == numbers.size()) break;
    // One blank on either side of a mark, as text recognition leaves it.
    size_t mark_at = at;
    if (mark_at < text.size() && text[mark_at] == ' ') ++mark_at;
    std::string_view mark = one_of(kColons, text, mark_at);
    const bool is_colon = !mark.empty();
    if (!is_colon) mark = one_of(kDecimalMarks, text, mark_at);
    if (mark.empty()) break;
    size_t next = mark_at + mark.size();
    if (next < text.size() && text[next] == ' ' && digit_at(text, next + 1).length > 0) ++next;
    if (digit_at(text, next).length == 0) break;
    const bool has_blanks = mark_at != at || next != mark_at + mark.size();
    // "00:00:20, 500" is what translators of whole files make; "00:00:20, 5 apples" is something else.
    if (has_blanks && !is_colon && number_at(text, next).digits != 3) break;
    field.has_inner_blanks |= has_blanks;
    // 00.00.20,500: dots divide where more than a fraction follows.
    const bool dot_divides = mark == "." && count == 1;
    const bool two_dots = dot_divides && [&] {
      const Number following = number_at(text, next);
      const size_t behind = next + following.written.size();
      return following.digits <= 2 && behind < text.size() && text[behind] == '.' &&
             digit_at(text, behind + 1).length > 0;
    }();
    decimal = !is_colon && !two_dots && !(count == 2 && marks[0] == ".");
    if (is_colon && count == 3) decimal = true;  // 00:00:20:500
    marks[count - 1] = mark;
    at = next;
  }
  const size_t clock_numbers = decimal ? count - 1 : count;
  if (clock_numbers < 2) return std::nullopt;

  field.place.end = end;
  const Number* clock = numbers.data();
  double seconds = 0.0;
  if (clock_numbers == 3) {
    field.hours = clock[0].written;
    field.first_mark = marks[0];
    seconds = static_cast<double>(clock[0].value) * 3600.0;
    ++clock;
  }
  field.minutes = clock[0].written;
  field.whole_seconds = clock[1].written;
  (clock_numbers == 3 ? field.second_mark : field.first_mark) = marks[clock_numbers - 2];
  seconds += static_cast<double>(clock[0].value * 60 + clock[1].value);
  field.out_of_range = clock[0].value > 59 || clock[1].value > 59;
  if (decimal) {
    const Number& fraction = numbers[count - 1];
    field.fraction = fraction.written;
    field.decimal_mark = marks[count - 2];
    field.carries = fraction.digits == 4 && fraction.value == 1000;
    seconds += field.carries ? 1.0 : fraction_of(fraction);
  }
  field.seconds = field.negative ? -seconds : seconds;
  return field;
}

std::string write_clock(const ClockField& field, double seconds, const ClockStyle& style) {
  W2V_CHECK(std::abs(seconds) < 1e15, "a time that no clock shows");
  constexpr size_t kFinest = 9;
  const auto power = [](size_t digits) { return std::pow(10.0, static_cast<double>(digits)); };
  size_t digits = digits_in(field.fraction);
  // Four digits "1000" are read as a whole second.
  if (digits == 4) digits = 3;
  const double size = std::abs(seconds);
  if (!style.fixed_digits && digits < 3 &&
      std::abs(size - std::round(size * power(digits)) / power(digits)) > 0.0005)
    digits = 3;
  const size_t shown = std::min(digits, kFinest);
  auto whole = static_cast<int64_t>(std::floor(size));
  auto part = static_cast<int64_t>(std::llround((size - std::floor(size)) * power(shown)));
  if (part >= static_cast<int64_t>(power(shown))) {
    part = 0;
    ++whole;
  }

  const auto number = [&](int64_t value, size_t width) {
    const std::string ascii = fmt::format("{:0{}}", value, width);
    return field.wide_digits ? widened(ascii) : ascii;
  };
  const bool is_negative = seconds < 0.0 && (whole > 0 || part > 0);
  std::string out = is_negative ? "-" : "";
  const int64_t hours = whole / 3600;
  if (!field.hours.empty() || hours > 0) {
    const size_t old = digits_in(field.hours);
    const bool padded = old > 1 && digit_at(field.hours, 0).value == 0;
    out += number(hours, field.hours.empty() ? style.hour_digits
                         : padded            ? old
                                             : std::min(style.hour_digits, old));
    out += field.first_mark;
  }
  const auto short_or_two = [&](std::string_view written) { return std::min<size_t>(digits_in(written), 2); };
  const bool new_hours = field.hours.empty() && hours > 0;
  out += number(whole / 60 % 60, new_hours ? 2 : short_or_two(field.minutes));
  out += field.hours.empty() ? field.first_mark : field.second_mark;
  out += number(whole % 60, short_or_two(field.whole_seconds));
  if (digits > 0) {
    out += field.decimal_mark.empty() ? style.decimal_mark : field.decimal_mark;
    out += number(part, shown);
    out += field.wide_digits ? widened(std::string(digits - shown, '0')) : std::string(digits - shown, '0');
  }
  return out;
}

}  // namespace wav2vec
