#include "wav2vec/core/duration.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace wav2vec {

std::string format_duration(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0.0) return "?";
  constexpr double kLongestShown = 1e9;
  const auto whole = static_cast<int64_t>(std::min(std::round(seconds), kLongestShown));
  if (whole < 60) return fmt::format("{} s", whole);
  const int64_t minutes = (whole + 30) / 60;
  if (minutes < 60) return fmt::format("{} min", minutes);
  if (minutes < 24 * 60) return fmt::format("{} h {:02} min", minutes / 60, minutes % 60);
  const int64_t hours = (minutes + 30) / 60;
  return fmt::format("{} d {:02} h", hours / 24, hours % 24);
}

std::string format_audio_length(double seconds) {
  constexpr double kSmall = 10.0;
  constexpr double kHour = 3600.0;
  constexpr double kLastMinute = 59.5 * 60.0;  // what format_duration() rounds to less than an hour
  if (seconds > 0.0 && seconds < kSmall) return fmt::format("{:.1f} s", seconds);
  return std::isfinite(seconds) && seconds >= kLastMinute ? fmt::format("{:.2f} h", seconds / kHour)
                                                          : format_duration(seconds);
}

}  // namespace wav2vec
