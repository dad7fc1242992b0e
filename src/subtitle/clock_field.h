#pragma once
// Times as h:mm:ss,fff in all their spellings.

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "wav2vec/text/traced_text.h"

namespace wav2vec {

/// A time and how it is written. Places are within the text that was read.
struct ClockField {
  ByteRange place = {};
  double seconds = 0.0;
  bool negative = false;
  bool wide_digits = false;     ///< ０ to ９
  std::string_view hours = {};  ///< digits; empty: left out
  std::string_view minutes = {};
  std::string_view whole_seconds = {};
  std::string_view fraction = {};     ///< digits; empty: left out
  std::string_view first_mark = ":";  ///< between hours and minutes, or minutes and seconds without hours
  std::string_view second_mark = ":";
  std::string_view decimal_mark = {};
  bool has_inner_blanks = false;
  bool out_of_range = false;  ///< more than 59 minutes or seconds
  bool carries = false;       ///< the fraction is "1000": a whole second, from rounding up
};

/// The time at text[at], where neither a blank nor a sign is skipped before it. Two numbers or more, of at
/// most nine digits each, with : or ； or . between, and behind , . ， ． 。 or a third colon the fraction.
std::optional<ClockField> clock_at(std::string_view text, size_t at);

struct ClockStyle {
  size_t hour_digits = 2;               ///< of an hour that is new or had no leading zero
  std::string_view decimal_mark = ".";  ///< where there was none
  bool fixed_digits = false;            ///< the fraction never grows
};

/// Another time in the style of `field`.
std::string write_clock(const ClockField& field, double seconds, const ClockStyle& style);

}  // namespace wav2vec
