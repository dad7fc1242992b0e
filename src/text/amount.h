#pragma once
// Numbers and ranges of numbers: what may have a unit behind it.

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "text/number_token.h"
#include "text/spoken_tables.h"
#include "text/spoken_unit.h"

namespace wav2vec {

constexpr size_t kMostDigits = 15;  ///< of a number that is read as one

/// A number, a range of numbers, with or without a sign: what may have a unit behind it.
struct Amount {
  size_t begin = 0;
  size_t end = 0;
  NumberToken number;     ///< of a range the second
  bool is_plain = false;  ///< a whole number without sign or range
  double value = 0.0;
  /// Ways to say it before a word of a gender.
  std::function<std::vector<Spoken>(std::string_view gender)> say;
};

/// The number, signed number or range that begins at a character. It refers to the tables.
std::optional<Amount> amount_at(const SpokenTables& tables, Characters text, size_t at);

/// Ways to say a number before a word of a gender: as a year, a number, digit by digit.
Words ways_of(const SpokenTables& tables, const NumberToken& number, std::string_view gender = {});

}  // namespace wav2vec
