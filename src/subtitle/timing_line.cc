#include <fmt/format.h>

#include <algorithm>

#include "subtitle/format_parsers.h"
#include "wav2vec/core/text_lines.h"

namespace wav2vec {
namespace {

/// The length of the dash at text[at].
size_t dash_at(std::string_view text, size_t at) {
  const std::string_view rest = text.substr(std::min(at, text.size()), 3);
  if (rest.starts_with('-') || rest.starts_with('=')) return 1;
  // U+2010 to U+2015, U+2212
  const bool dash = rest.size() == 3 && rest[0] == '\xE2' &&
                    ((rest[1] == '\x80' && rest[2] >= '\x90' && rest[2] <= '\x95') || rest == "\xE2\x88\x92");
  return dash ? 3 : 0;
}

struct Arrow {
  size_t end = 0;  ///< 0: none
  bool odd = false;
};

/// "-->" and what is meant for it: dashes with blanks between and a point, "→", "--&gt;".
Arrow arrow_at(std::string_view text, size_t at) {
  const std::string_view rest = text.substr(std::min(at, text.size()));
  if (rest.starts_with("-->")) return {at + 3, false};
  if (rest.starts_with("\xE2\x86\x92")) return {at + 3, true};
  size_t end = at;
  size_t dashes = 0;
  while (true) {
    if (const size_t length = dash_at(text, end)) {
      ++dashes;
      end += length;
    } else if (const size_t blank = dashes > 0 ? blank_at(text, end) : 0) {
      end += blank;
    } else {
      break;
    }
  }
  if (dashes == 0) return {};
  const std::string_view point = text.substr(end);
  if (point.starts_with('>')) return {end + 1, true};
  if (point.starts_with("&gt;")) return {end + 4, true};
  return {};
}

/// Not only two numbers: "8:15 -> 9:30" may be said.
bool is_full(const ClockField& field) { return !field.hours.empty() || !field.fraction.empty(); }

bool has_colon(const ClockField& field) { return field.first_mark != "."; }

std::optional<TimingLine> timing_at(std::string_view text, size_t at) {
  TimingLine timing;
  const auto start = clock_at(text, at);
  if (!start) return std::nullopt;
  const Arrow arrow = arrow_at(text, skip_blanks(text, start->place.end));
  if (arrow.end == 0) return std::nullopt;
  const auto end = clock_at(text, skip_blanks(text, arrow.end));
  if (!end) return std::nullopt;
  if (arrow.odd && !(is_full(*start) && is_full(*end) && has_colon(*start) && has_colon(*end)))
    return std::nullopt;
  timing.start = *start;
  timing.end = *end;
  timing.odd_arrow = arrow.odd;
  const std::string_view rest = trimmed(text.substr(end->place.end));
  if (!rest.empty()) {
    const auto begin = static_cast<size_t>(rest.data() - text.data());
    timing.rest = {begin, begin + rest.size()};
  }
  return timing;
}

}  // namespace

std::optional<TimingLine> timing_line(std::string_view text, const SubtitleLine& line) {
  const std::string_view here = text.substr(0, line.end);
  size_t at = skip_blanks(here, line.begin);
  if (auto timing = timing_at(here, at)) return timing;
  // "12 00:00:01,000 --> …"
  ByteRange index = {at, at};
  while (index.end < here.size() && is_ascii_digit(here[index.end])) ++index.end;
  const size_t behind = skip_blanks(here, index.end);
  if (index.empty() || behind == index.end) return std::nullopt;
  auto timing = timing_at(here, behind);
  if (timing) timing->index = index;
  return timing;
}

void set_times(Subtitle& subtitle, Cue& cue, std::string_view text, const TimingLine& timing,
               const ClockHabits& habits, std::string_view what) {
  cue.start_seconds = timing.start.seconds;
  cue.end_seconds = timing.end.seconds;
  cue.start_field.place = timing.start.place;
  cue.end_field.place = timing.end.place;
  warn_of_clock(subtitle, timing.start, habits, cue.line, cue.order);
  warn_of_clock(subtitle, timing.end, habits, cue.line, cue.order);
  if (timing.odd_arrow) warn(subtitle, "odd_arrow", cue.line, "expected '-->' between the times", cue.order);
  if (timing.index.empty()) return;
  cue.id = text.substr(timing.index.begin, timing.index.end - timing.index.begin);
  warn(subtitle, "index_in_times", cue.line,
       fmt::format("the cue's {} stands in the line of its times", what), cue.order);
}

void set_half_times(Subtitle& subtitle, Cue& cue, const SubtitleLine& line) {
  const std::string_view text = std::string_view(subtitle.decoded.text).substr(0, line.end);
  const size_t arrow = text.find("-->", line.begin);
  const auto read = [&](size_t begin, size_t end, TimeField& field) -> std::optional<double> {
    const auto time = clock_at(text.substr(0, end), skip_blanks(text, begin));
    if (!time || !is_blank_line(text.substr(time->place.end, end - time->place.end))) return std::nullopt;
    field.place = time->place;
    return time->seconds;
  };
  const auto start = read(line.begin, std::min(arrow, text.size()), cue.start_field);
  const auto end = read(std::min(arrow, text.size() - 3) + 3, text.size(), cue.end_field);
  set_unreadable_times(subtitle, cue, start, end, line.of(text));
}

bool looks_like_timing(std::string_view line) {
  line = trimmed(line);
  const size_t arrow = line.find("-->");
  if (arrow == std::string_view::npos || line.size() > 200) return false;
  // Digits and marks of time, or letters that text recognition takes for digits.
  const auto is_timely = [](std::string_view part) {
    return part.find(':') != std::string_view::npos &&
           part.find_first_not_of("0123456789:;.,-+ \tOolISB?*_xXhms") == std::string_view::npos;
  };
  const bool start = is_timely(line.substr(0, arrow));
  const bool end = is_timely(line.substr(arrow + 3));
  const auto is_empty = [](std::string_view part) { return is_blank_line(part); };
  return (start && (end || is_empty(line.substr(arrow + 3)))) || (end && is_empty(line.substr(0, arrow)));
}

bool is_cue_number(std::string_view line, int64_t& value) {
  line = trimmed(line);
  if (line.starts_with('#')) line.remove_prefix(1);
  const bool negative = line.starts_with('-');
  if (negative) line.remove_prefix(1);
  size_t digits = 0;
  while (digits < line.size() && is_ascii_digit(line[digits])) ++digits;
  if (digits == 0 || digits > 12) return false;
  if (!parse_integer(line.substr(0, digits), value)) return false;
  if (negative) value = -value;
  std::string_view rest = line.substr(digits);
  if (rest.empty()) return true;
  if (rest[0] != '.' && rest[0] != ',' && rest[0] != ':' && rest[0] != ')') return false;
  rest.remove_prefix(1);
  return rest.size() <= 4 && rest.find_first_not_of("0123456789") == std::string_view::npos;
}

std::optional<FrameFields> frame_fields(std::string_view text, const SubtitleLine& line) {
  const std::string_view here = text.substr(0, line.end);
  size_t at = skip_blanks(here, line.begin);
  const auto field = [&](ByteRange& place) {
    if (at >= here.size() || here[at] != '{') return false;
    place.begin = at = skip_blanks(here, at + 1);
    if (at < here.size() && here[at] == '-') ++at;
    while (at < here.size() && is_ascii_digit(here[at])) ++at;
    place.end = at;
    const bool only_sign = place.end == place.begin + 1 && here[place.begin] == '-';
    at = skip_blanks(here, at);
    if (at >= here.size() || here[at] != '}' || only_sign || place.end - place.begin > 15) return false;
    ++at;
    return true;
  };
  FrameFields fields;
  if (!field(fields.start) || !field(fields.end)) return std::nullopt;
  if (fields.start.empty() && fields.end.empty()) return std::nullopt;
  fields.behind = at;
  return fields;
}

std::optional<CommaTimes> comma_times(std::string_view text, const SubtitleLine& line) {
  const std::string_view here = text.substr(0, line.end);
  const auto start = clock_at(here, skip_blanks(here, line.begin));
  if (!start || start->fraction.empty() || start->decimal_mark != ".") return std::nullopt;
  size_t at = skip_blanks(here, start->place.end);
  if (at >= here.size() || (here[at] != ',' && here[at] != ';')) return std::nullopt;
  const auto end = clock_at(here, skip_blanks(here, at + 1));
  if (!end || !is_blank_line(here.substr(end->place.end))) return std::nullopt;
  return CommaTimes{*start, *end};
}

}  // namespace wav2vec
