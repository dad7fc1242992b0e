#include "text/telephone.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "text/amount.h"
#include "text/unicode_class.h"

namespace wav2vec {
namespace {

constexpr size_t kFewestDigits = 7;
constexpr size_t kMostPhoneDigits = 20;

struct Group {
  size_t begin = 0;
  size_t end = 0;
};

}  // namespace

/// 555-1234, 800-555-0199: groups of digits with hyphens, at least seven digits in all.
std::optional<SpokenUnit> telephone_at(const SpokenTables& tables, Characters text, size_t at) {
  std::vector<Group> groups;
  size_t digits = 0;
  for (size_t i = at; is_digit(code(text, i)) && digits <= kMostPhoneDigits;) {
    const size_t begin = i;
    while (is_digit(code(text, i))) ++i;
    groups.push_back({begin, i});
    digits += i - begin;
    if (code(text, i) != '-' || !is_digit(code(text, i + 1))) break;
    ++i;
  }
  if (groups.size() < 2 || digits < kFewestDigits || digits > kMostPhoneDigits) return std::nullopt;
  const auto length = [&](size_t g) { return groups[g].end - groups[g].begin; };
  const bool is_date = groups.size() == 3 && length(0) == 4 && length(1) == 2 && length(2) == 2;
  SpokenUnit unit{groups.back().end, {}};
  Spoken usual;
  Spoken other;
  for (const Group& group : groups) {
    std::string all;
    for (size_t i = group.begin; i < group.end; ++i) all += static_cast<char>(text[i].code);
    const ByteRange source = range(text, group.begin, group.end);
    NumberToken number{group.begin, group.end, all, "", false};
    if (is_date && all.size() == 2) number.whole = fmt::format("{}", to_integer(all));
    const Words ways = is_date ? ways_of(tables, number) : tables.speller.digits(all);
    usual.push_back({ways.front(), source});
    other.push_back({is_date ? ways.front() : ways.back(), source});
  }
  add_choice(unit.choices, usual);
  add_choice(unit.choices, other);
  return unit;
}

}  // namespace wav2vec
