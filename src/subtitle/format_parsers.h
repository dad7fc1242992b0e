#pragma once
// One parser per format. Each finds cues and warnings in Subtitle::decoded.text and adds them; what all
// formats have in common is judged afterwards (subtitle.cc).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "subtitle/clock_field.h"
#include "subtitle/text_lines.h"
#include "wav2vec/subtitle/subtitle.h"

namespace wav2vec {

void parse_srt(Subtitle& subtitle);
void parse_vtt(Subtitle& subtitle);
void parse_ass(Subtitle& subtitle);
void parse_ttml(Subtitle& subtitle);
void parse_sbv(Subtitle& subtitle);
/// `frames_per_second` 0: what the file says.
void parse_microdvd(Subtitle& subtitle, double frames_per_second);

/// About the whole file, a line or the cue that is read.
void warn(Subtitle& subtitle, std::string_view code, int64_t line, std::string message,
          std::optional<size_t> cue = std::nullopt);

/// The beginning of what the file says, for a message.
std::string excerpt(std::string_view written);

/// Adds a cue with the next number in order.
Cue& add_cue(Subtitle& subtitle, int64_t line);

/// A cue with a time that cannot be read: it starts where the one before ends, and ends when it starts.
/// Warns.
void set_unreadable_times(Subtitle& subtitle, Cue& cue, std::optional<double> start_seconds,
                          std::optional<double> end_seconds, std::string_view written);

/// What is unusual in how a time is written, as one warning of each kind.
struct ClockHabits {
  std::string_view decimal_mark;  ///< empty: any
  size_t fraction_digits = 3;
  bool needs_hours = false;
};
void warn_of_clock(Subtitle& subtitle, const ClockField& field, const ClockHabits& habits, int64_t line,
                   size_t cue);

/// "00:00:01,000 --> 00:00:02,000" with anything unusual that leaves it recognisable.
struct TimingLine {
  ClockField start = {};
  ClockField end = {};
  ByteRange index = {};  ///< a number before the times
  ByteRange rest = {};   ///< what follows, without blanks around it
  bool odd_arrow = false;
};
/// Places are those of `text`; the line is text[line.begin, line.end).
std::optional<TimingLine> timing_line(std::string_view text, const SubtitleLine& line);

/// The cue gets the line's times, and its warnings: of its clock, its arrow and a number or name (`what`) in
/// it.
void set_times(Subtitle& subtitle, Cue& cue, std::string_view text, const TimingLine& timing,
               const ClockHabits& habits, std::string_view what);

/// A line that looks_like_timing(): the cue gets the times of it that can be read.
void set_half_times(Subtitle& subtitle, Cue& cue, const SubtitleLine& line);

/// Whether the line holds "-->" and begins with what was meant for a time: a cue, though not a readable one.
bool looks_like_timing(std::string_view line);

/// "12", "#12", "-1", "1.5", "007", "12.": the number of a cue. `value` is its whole part.
bool is_cue_number(std::string_view line, int64_t& value);

/// "{12}{34}" at the beginning of a line; either may be empty, but not both.
struct FrameFields {
  ByteRange start = {};
  ByteRange end = {};
  size_t behind = 0;
};
std::optional<FrameFields> frame_fields(std::string_view text, const SubtitleLine& line);

/// "0:00:01.000,0:00:02.000", and nothing else in the line.
struct CommaTimes {
  ClockField start = {};
  ClockField end = {};
};
std::optional<CommaTimes> comma_times(std::string_view text, const SubtitleLine& line);

}  // namespace wav2vec
