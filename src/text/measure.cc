#include "text/measure.h"

#include <string>

#include "text/unicode_class.h"

namespace wav2vec {

std::optional<SpokenUnit> with_percent(const SpokenTables& tables, Characters text, const Amount& amount) {
  const size_t at =
      is_blank(code(text, amount.end)) && code(text, amount.end) != '\n' ? amount.end + 1 : amount.end;
  if (code(text, at) != '%' || tables.words == nullptr) return std::nullopt;
  SpokenUnit unit{at + 1, {}};
  const SpokenPart percent{
      std::string(tables.words->percent.of(tables.speller.plural_category(amount.value))),
      range(text, at, at + 1)};
  for (Spoken spoken : amount.say({})) {
    spoken.insert(tables.words->percent_is_first ? spoken.begin() : spoken.end(), percent);
    add_choice(unit.choices, spoken);
  }
  return unit;
}

std::optional<SpokenUnit> with_degrees(const SpokenTables& tables, Characters text, const Amount& amount) {
  constexpr char32_t kDegree = 0xB0;
  const size_t at =
      code(text, amount.end) == ' ' || code(text, amount.end) == 0xA0 ? amount.end + 1 : amount.end;
  if (code(text, at) != kDegree || tables.words == nullptr) return std::nullopt;
  SpokenUnit unit{at + 1, {}};
  std::string_view scale;
  size_t scale_at = code(text, at + 1) == ' ' ? at + 2 : at + 1;
  if (!is_letter(code(text, scale_at + 1))) {
    if (code(text, scale_at) == 'C') scale = tables.words->celsius;
    if (code(text, scale_at) == 'F') scale = tables.words->fahrenheit;
    if (code(text, scale_at) == 'C' || code(text, scale_at) == 'F') unit.end = scale_at + 1;
  }
  const SpokenPart degree{std::string(tables.words->degree.of(tables.speller.plural_category(amount.value))),
                          range(text, at, at + 1)};
  for (Spoken spoken : amount.say({})) {
    spoken.push_back(degree);
    if (!scale.empty()) {
      spoken.push_back({std::string(scale), range(text, scale_at, scale_at + 1)});
      add_choice(unit.choices, spoken);
      spoken.pop_back();
    }
    add_choice(unit.choices, spoken);
  }
  return unit;
}

}  // namespace wav2vec
