// YouTube's SBV and SubViewer: a line "0:00:01.000,0:00:02.000", lines of text, a blank line.

#include <algorithm>

#include "subtitle/format_parsers.h"

namespace wav2vec {
namespace {

/// "[br]" is a line's end in SubViewer.
std::string with_lines(const std::string& text) {
  constexpr std::string_view kBreak = "[br]";
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t length = std::min(kBreak.size(), text.size() - at);
    if (text[at] == '[' && lower_ascii(std::string_view(text).substr(at, length)) == kBreak) {
      out += '\n';
      at += kBreak.size();
    } else {
      out += text[at++];
    }
  }
  return out;
}

void end_text(Subtitle& subtitle, size_t begin, size_t end) {
  const JoinedLines joined = join_lines(subtitle.decoded.text, begin, end);
  if (subtitle.cues.empty()) {
    const std::string_view head = trimmed(joined.text);
    // SubViewer's header is of such lines.
    if (!head.empty() && head[0] != '[')
      warn(subtitle, "stray_text", 1, "text before the first cue belongs to none");
    return;
  }
  Cue& cue = subtitle.cues.back();
  cue.text = with_lines(joined.text);
  if (joined.inner_blank)
    warn(subtitle, "blank_in_text", cue.line, "a blank line inside the cue's text", cue.order);
}

}  // namespace

void parse_sbv(Subtitle& subtitle) {
  const std::string_view text = subtitle.decoded.text;
  const ClockHabits habits = {.decimal_mark = ".", .fraction_digits = 0, .needs_hours = true};
  size_t text_begin = 0;
  bool behind_blank = true;
  LineWalk walk(text);
  for (SubtitleLine line; walk.next(line);) {
    const auto times = comma_times(text, line);
    if (!times) {
      behind_blank = is_blank_line(line.of(text));
      continue;
    }
    end_text(subtitle, text_begin, line.begin);
    Cue& cue = add_cue(subtitle, line.number);
    cue.start_seconds = times->start.seconds;
    cue.end_seconds = times->end.seconds;
    cue.start_field.place = times->start.place;
    cue.end_field.place = times->end.place;
    warn_of_clock(subtitle, times->start, habits, line.number, cue.order);
    warn_of_clock(subtitle, times->end, habits, line.number, cue.order);
    if (!behind_blank && cue.order > 0)
      warn(subtitle, "no_blank_line", line.number, "no blank line before this cue", cue.order);
    text_begin = line.next;
    behind_blank = false;
  }
  end_text(subtitle, text_begin, text.size());
}

}  // namespace wav2vec
