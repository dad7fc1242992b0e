#include "text/clock_time.h"

#include <fmt/format.h>

#include <string>

#include "text/unicode_class.h"

namespace wav2vec {
namespace {

Words times(const SpokenTables& tables, int64_t hour, int64_t minute, int64_t second) {
  const std::string_view gender = tables.words == nullptr ? std::string_view() : tables.words->hour_gender;
  const std::string count = tables.speller.cardinals(hour, gender).front();
  const std::string plain_count = tables.speller.cardinals(hour).front();
  const std::string minutes = tables.speller.cardinals(minute).front();
  const std::string_view name =
      tables.words == nullptr
          ? std::string_view()
          : tables.words->hour.of(tables.speller.plural_category(static_cast<double>(hour)));
  const std::string tail = second < 0 ? "" : fmt::format(" {}", tables.speller.cardinals(second).front());
  Words ways;
  if (!name.empty() && minute == 0) ways.push_back(fmt::format("{} {}{}", count, name, tail));
  if (!name.empty() && minute != 0) ways.push_back(fmt::format("{} {} {}{}", count, name, minutes, tail));
  if (tables.language == "en" && minute == 0 && second < 0) ways.push_back(fmt::format("{} o'clock", count));
  if (tables.language == "en" && minute > 0 && minute < 10)
    ways.push_back(fmt::format("{} oh {}{}", count, minutes, tail));
  if (tables.language == "en" && minute == 0 && second < 0) ways.push_back(count);
  if (minute != 0 || second >= 0) ways.push_back(fmt::format("{} {}{}", plain_count, minutes, tail));
  if (tables.language == "en" && minute == 30 && second < 0 && hour <= 12)
    ways.push_back(fmt::format("half past {}", count));
  if (ways.empty()) ways.push_back(plain_count);
  return ways;
}

}  // namespace

std::optional<SpokenUnit> time_at(const SpokenTables& tables, Characters text, size_t at) {
  const auto two_digits = [&](size_t i) { return is_digit(code(text, i)) && is_digit(code(text, i + 1)); };
  size_t colon = at;
  while (is_digit(code(text, colon)) && colon < at + 3) ++colon;
  // French 10h30.
  const bool is_sign = code(text, colon) == ':' || (code(text, colon) == 'h' && tables.language == "fr");
  if (colon - at > 2 || !is_sign || !two_digits(colon + 1) || is_digit(code(text, colon + 3)))
    return std::nullopt;
  const auto number = [&](size_t i) {
    return static_cast<int64_t>((code(text, i) - '0') * 10 + (code(text, i + 1) - '0'));
  };
  const int64_t hour = colon - at == 2 ? number(at) : static_cast<int64_t>(code(text, at) - '0');
  const int64_t minute = number(colon + 1);
  if (hour > 24 || minute > 59) return std::nullopt;
  size_t end = colon + 3;
  int64_t second = -1;
  if (code(text, end) == ':' && two_digits(end + 1) && !is_digit(code(text, end + 3))) {
    second = number(end + 1);
    end += 3;
  }
  const ByteRange source = range(text, at, end);
  SpokenUnit unit{end, {}};
  for (const std::string& way : times(tables, hour, minute, second))
    add_choice(unit.choices, {{way, source}});
  return unit;
}

}  // namespace wav2vec
