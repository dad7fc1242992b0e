#include "subtitle/media_time.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "subtitle/clock_field.h"
#include "subtitle/text_lines.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/text_lines.h"

namespace wav2vec {
namespace {

constexpr double kLongestSeconds = 1e12;

bool counts_frames_in(const ClockField& field) {
  return !field.fraction.empty() && field.decimal_mark != "." && field.decimal_mark != ",";
}

/// Frames of a clock's second: 30 for 29.97.
int64_t frames_of_clock(const Subtitle& rates) {
  return std::max<int64_t>(1, std::llround(rates.frames_per_second));
}

/// Numbers that the clock leaves out in every minute but each tenth.
int64_t dropped_per_minute(const Subtitle& rates) {
  return rates.drops_frames ? frames_of_clock(rates) / 15 : 0;
}

/// `frames` behind the clock's whole seconds.
double seconds_of_frames(const ClockField& field, int64_t frames, const Subtitle& rates) {
  const double size = std::abs(field.seconds);
  const auto whole = static_cast<int64_t>(std::floor(field.carries ? size - 1.0 : size));
  double seconds = 0.0;
  if (rates.counts_frames) {
    const int64_t minutes = whole / 60;
    const int64_t dropped = dropped_per_minute(rates) * (minutes - minutes / 10);
    seconds =
        static_cast<double>(whole * frames_of_clock(rates) + frames - dropped) / rates.frames_per_second;
  } else {
    seconds = static_cast<double>(whole) + static_cast<double>(frames) / rates.frames_per_second;
  }
  return field.negative ? -seconds : seconds;
}

/// A number and its unit.
struct Offset {
  bool negative = false;
  double value = 0.0;
  size_t decimals = 0;
  char mark = '.';
  std::string_view unit;
};

std::optional<Offset> offset_of(std::string_view written) {
  Offset offset;
  offset.negative = written.starts_with('-');
  if (offset.negative || written.starts_with('+')) written.remove_prefix(1);
  size_t end = 0;
  std::string number;
  bool decimal = false;
  for (; end < written.size(); ++end) {
    const char c = written[end];
    if (is_ascii_digit(c)) {
      number += c;
      offset.decimals += decimal ? 1 : 0;
    } else if ((c == '.' || c == ',') && !decimal && end > 0) {
      decimal = true;
      offset.mark = c;
      number += '.';
    } else {
      break;
    }
  }
  if (number.empty() || number.size() > 24 || !parse_seconds(number, offset.value)) return std::nullopt;
  offset.unit = written.substr(skip_blanks(written, end));
  return offset;
}

/// Seconds of one unit; 0: no such unit.
double seconds_of_unit(std::string_view unit, const Subtitle& rates) {
  const std::string small = lower_ascii(unit);
  if (small == "h") return 3600.0;
  if (small == "m") return 60.0;
  if (small == "s" || small.empty()) return 1.0;
  if (small == "ms") return 0.001;
  if (small == "f") return 1.0 / rates.frames_per_second;
  if (small == "t") return 1.0 / rates.ticks_per_second;
  return 0.0;
}

/// Digits behind the decimal mark that hold a millisecond.
size_t decimals_of_unit(std::string_view unit) {
  const std::string small = lower_ascii(unit);
  if (small == "h") return 7;
  if (small == "m") return 5;
  return small == "s" || small.empty() ? 3 : 0;
}

std::string write_offset(const Offset& offset, double seconds, const Subtitle& rates) {
  const double unit = seconds_of_unit(offset.unit, rates);
  const double value = seconds / unit;
  const double steps = std::pow(10.0, static_cast<double>(offset.decimals));
  const bool holds = std::abs(value - std::round(value * steps) / steps) * unit <= 0.0005;
  const size_t decimals = holds ? offset.decimals : std::max(offset.decimals, decimals_of_unit(offset.unit));
  std::string out = fmt::format("{:.{}f}", value, std::min<size_t>(decimals, 12));
  if (out.find_first_not_of("-0.") == std::string::npos && out.starts_with('-')) out.erase(0, 1);
  std::replace(out.begin(), out.end(), '.', offset.mark);
  return out + std::string(offset.unit);
}

std::string write_frames(const ClockField& field, double seconds, const Subtitle& rates) {
  const double size = std::abs(seconds);
  const int64_t per_second = frames_of_clock(rates);
  int64_t whole = 0;
  int64_t frames = 0;
  if (rates.counts_frames) {
    int64_t number = std::llround(size * rates.frames_per_second);
    if (const int64_t dropped = dropped_per_minute(rates); dropped > 0) {
      const int64_t minute = per_second * 60 - dropped;
      const int64_t ten = minute * 10 + dropped;
      const int64_t in_ten = number % ten;
      number += 9 * dropped * (number / ten);
      // The first minute of ten is whole.
      if (in_ten >= minute + dropped) number += dropped * (1 + (in_ten - minute - dropped) / minute);
    }
    whole = number / per_second;
    frames = number % per_second;
  } else {
    whole = static_cast<int64_t>(std::floor(size));
    frames = std::llround((size - std::floor(size)) * rates.frames_per_second);
    if (frames >= per_second) {
      frames = 0;
      ++whole;
    }
  }
  ClockField clock = field;
  clock.fraction = {};
  // Whole seconds, so that no fraction is added.
  const bool negative = seconds < 0.0 && (whole > 0 || frames > 0);
  const std::string shown = write_clock(clock, static_cast<double>(whole),
                                        {.hour_digits = 2, .decimal_mark = ".", .fixed_digits = true});
  return fmt::format("{}{}{}{:0{}}", negative ? "-" : "", shown, field.decimal_mark, frames,
                     std::min<size_t>(field.fraction.size(), 6));
}

}  // namespace

std::optional<MediaTime> media_time(std::string_view written, const Subtitle& rates) {
  MediaTime time;
  if (auto field = clock_at(written, 0)) {
    const bool frames = counts_frames_in(*field);
    size_t end = field->place.end;
    if (frames && end < written.size() && written[end] == '.') {
      ++end;
      while (end < written.size() && is_ascii_digit(written[end])) ++end;
      time.has_sub_frames = true;
    }
    if (end != written.size() || std::abs(field->seconds) > kLongestSeconds) return std::nullopt;
    time.uses_frames = frames;
    int64_t count = 0;
    if (frames && (!parse_integer(field->fraction, count) || count > 1000000)) return std::nullopt;
    const bool counted = frames || (rates.counts_frames && field->fraction.empty());
    time.seconds = counted ? seconds_of_frames(*field, count, rates) : field->seconds;
    // Here any number of digits is a fraction.
    if (!counted && field->carries) time.seconds += field->negative ? 0.9 : -0.9;
    return time;
  }
  const auto offset = offset_of(written);
  if (!offset) return std::nullopt;
  const double unit = seconds_of_unit(offset->unit, rates);
  if (unit == 0.0 || offset->value * unit > kLongestSeconds) return std::nullopt;
  time.lacks_unit = offset->unit.empty();
  time.uses_frames = lower_ascii(offset->unit) == "f";
  time.uses_ticks = lower_ascii(offset->unit) == "t";
  time.seconds = offset->value * unit * (offset->negative ? -1.0 : 1.0);
  return time;
}

std::string write_media_time(std::string_view written, double seconds, const Subtitle& rates) {
  if (const auto field = clock_at(written, 0)) {
    const bool counted = counts_frames_in(*field);
    if (counted) return write_frames(*field, seconds, rates);
    return write_clock(*field, seconds, {});
  }
  const auto offset = offset_of(written);
  W2V_CHECK(offset.has_value(), "a time that cannot be read");
  return write_offset(*offset, seconds, rates);
}

}  // namespace wav2vec
