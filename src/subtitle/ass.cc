// Advanced SubStation Alpha and its predecessor SSA: an event is a line, its columns are those of "Format:".

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "subtitle/format_parsers.h"

namespace wav2vec {
namespace {

struct Columns {
  size_t count = 0;
  size_t start = 0;
  size_t end = 0;
  size_t style = 0;
  size_t name = 0;
};

// Layer (in SSA: Marked), Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text.
constexpr Columns kUsual = {.count = 10, .start = 1, .end = 2, .style = 3, .name = 4};

/// What follows "Key:" if the line begins with it.
std::optional<std::string_view> value_of(std::string_view line, std::string_view key) {
  line = line.substr(skip_blanks(line, 0));
  if (lower_ascii(line.substr(0, std::min(key.size(), line.size()))) != key) return std::nullopt;
  const size_t colon = skip_blanks(line, key.size());
  if (colon >= line.size() || line[colon] != ':') return std::nullopt;
  return line.substr(colon + 1);
}

std::optional<Columns> columns_of(std::string_view format) {
  constexpr size_t kNone = SIZE_MAX;
  Columns columns = {.count = 0, .start = kNone, .end = kNone, .style = kNone, .name = kNone};
  for (size_t at = 0; at <= format.size(); ++columns.count) {
    const size_t end = std::min(format.find(',', at), format.size());
    const std::string name = lower_ascii(trimmed(format.substr(at, end - at)));
    if (name == "start") columns.start = columns.count;
    if (name == "end") columns.end = columns.count;
    if (name == "style") columns.style = columns.count;
    if (name == "name" || name == "actor") columns.name = columns.count;
    at = end + 1;
  }
  if (columns.start == kNone || columns.end == kNone || columns.count > 100) return std::nullopt;
  return columns;
}

/// The hard line breaks become '\n'; all other marks stay.
std::string with_lines(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\' && at + 1 < text.size() && text[at + 1] == 'N') {
      out += '\n';
      ++at;
    } else {
      out += text[at];
    }
  }
  return out;
}

class AssParser {
 public:
  explicit AssParser(Subtitle& subtitle) : subtitle_(subtitle), text_(subtitle.decoded.text) {}

  void parse() {
    LineWalk walk(text_);
    for (SubtitleLine line; walk.next(line);) {
      const std::string_view written = line.of(text_);
      const size_t first = skip_blanks(written, 0);
      if (first < written.size() && written[first] == '[') {
        // A line of an event never begins so.
        in_events_ = lower_ascii(trimmed(written)) == "[events]";
        continue;
      }
      if (const auto event = value_of(written, "dialogue")) {
        add_event(line, *event);
      } else if (const auto format = in_events_ ? value_of(written, "format") : std::nullopt) {
        read_format(line, *format);
      }
    }
  }

 private:
  void read_format(const SubtitleLine& line, std::string_view format) {
    if (const auto columns = columns_of(format)) {
      columns_ = *columns;
      return;
    }
    warn(subtitle_, "odd_format_line", line.number, "a Format line without Start and End does not count");
  }

  void add_event(const SubtitleLine& line, std::string_view event) {
    if (!in_events_ && !warned_of_section_) {
      warn(subtitle_, "outside_events", line.number, "a Dialogue line outside [Events]");
      warned_of_section_ = true;
    }
    Cue& cue = add_cue(subtitle_, line.number);
    std::optional<ClockField> start;
    std::optional<ClockField> end;
    size_t column = 0;
    size_t at = static_cast<size_t>(event.data() - text_.data());
    for (; column + 1 < columns_.count && at <= line.end; ++column) {
      const size_t comma = text_.substr(0, line.end).find(',', at);
      if (comma == std::string_view::npos) break;
      const std::string_view field = trimmed(text_.substr(at, comma - at));
      if (column == columns_.start) start = time_of(cue.start_field, field);
      if (column == columns_.end) end = time_of(cue.end_field, field);
      if (column == columns_.style) cue.style = field;
      if (column == columns_.name) cue.speaker = field;
      at = comma + 1;
    }
    const bool whole = column + 1 == columns_.count;
    if (whole) cue.text = with_lines(text_.substr(at, line.end - at));
    if (!whole)
      warn(subtitle_, "missing_columns", line.number,
           fmt::format("expected {} columns, found {}", columns_.count, column + 1), cue.order);
    set_times(cue, start, end, line);
  }

  std::optional<ClockField> time_of(TimeField& field, std::string_view written) {
    const auto begin = static_cast<size_t>(written.data() - text_.data());
    const auto time = clock_at(text_.substr(0, begin + written.size()), begin);
    if (!time || time->place.end != begin + written.size()) return std::nullopt;
    field.place = time->place;
    return time;
  }

  void set_times(Cue& cue, const std::optional<ClockField>& start, const std::optional<ClockField>& end,
                 const SubtitleLine& line) {
    const ClockHabits habits = {.decimal_mark = ".", .fraction_digits = 2, .needs_hours = true};
    for (const auto& time : {start, end}) {
      if (time) warn_of_clock(subtitle_, *time, habits, line.number, cue.order);
    }
    if (start && end) {
      cue.start_seconds = start->seconds;
      cue.end_seconds = end->seconds;
      return;
    }
    const auto seconds = [](const std::optional<ClockField>& time) {
      return time ? std::optional(time->seconds) : std::nullopt;
    };
    set_unreadable_times(subtitle_, cue, seconds(start), seconds(end), line.of(text_));
  }

  Subtitle& subtitle_;
  std::string_view text_;
  Columns columns_ = kUsual;
  bool in_events_ = false;
  bool warned_of_section_ = false;
};

}  // namespace

void parse_ass(Subtitle& subtitle) { AssParser(subtitle).parse(); }

}  // namespace wav2vec
