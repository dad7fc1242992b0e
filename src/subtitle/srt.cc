// SubRip: a number, a line of times, lines of text, a blank line; of which files keep to the line of times
// only.

#include <fmt/format.h>

#include <algorithm>

#include "subtitle/format_parsers.h"

namespace wav2vec {
namespace {

/// "X1:63 X2:223", "align:start position:0%": where a cue is shown.
bool is_placement(std::string_view rest) {
  while (!rest.empty()) {
    const size_t end = std::min(rest.find_first_of(" \t"), rest.size());
    const std::string_view word = rest.substr(0, end);
    const size_t colon = word.find(':');
    if (colon == 0 || colon == std::string_view::npos || colon + 1 == word.size()) return false;
    const bool name = std::all_of(word.begin(), word.begin() + static_cast<ptrdiff_t>(colon), [](char c) {
      return is_ascii_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    });
    if (!name) return false;
    rest = rest.substr(skip_blanks(rest, end));
  }
  return true;
}

class SrtParser {
 public:
  explicit SrtParser(Subtitle& subtitle) : subtitle_(subtitle), text_(subtitle.decoded.text) {}

  void parse() {
    LineWalk walk(text_);
    for (SubtitleLine line; walk.next(line);) {
      const std::string_view written = line.of(text_);
      if (const auto timing = timing_line(text_, line)) {
        begin_cue(line, *timing);
      } else if (looks_like_timing(written)) {
        begin_cue(line, std::nullopt);
      } else {
        remember(line);
      }
    }
    end_text(take_last_number());
  }

 private:
  /// A line since the last line of times that may be the number of the next cue.
  struct Candidate {
    SubtitleLine line;
    bool behind_blank = false;  ///< the line before it is blank, or it is the first
    bool behind_times = false;  ///< the line before it holds times
    size_t blanks_behind = 0;
  };

  void remember(const SubtitleLine& line) {
    if (is_blank_line(line.of(text_))) {
      ++last_.blanks_behind;
      return;
    }
    const bool first = last_.line.number == 0;
    last_ = {line, last_.blanks_behind > 0 || (first && subtitle_.cues.empty()),
             first && !last_.blanks_behind, 0};
  }

  /// A file that was cut behind the number of a cue: the number is no text. Gives the text's end.
  size_t take_last_number() {
    int64_t index = 0;
    const bool is_number = !subtitle_.cues.empty() && last_.behind_blank &&
                           is_cue_number(last_.line.of(text_), index) && previous_index_ &&
                           index == *previous_index_ + 1;
    if (!is_number) return text_.size();
    warn(subtitle_, "stray_text", last_.line.number, "a cue's number without a cue");
    return last_.line.begin;
  }

  /// Whether the line before the times is their number rather than text of the cue before.
  bool is_index(int64_t value) const {
    if (subtitle_.cues.empty()) return true;
    const bool is_next = previous_index_ && value == *previous_index_ + 1;
    if (is_next) return true;
    if (last_.blanks_behind > 0) return last_.behind_blank && previous_index_.has_value();
    if (last_.behind_blank) return true;
    // Without a blank line between cues "42" may be said; but a whole file of such cues has numbers.
    return !last_.behind_times && previous_index_.has_value() && value > *previous_index_;
  }

  /// "12 junk": a number with more behind it counts only where just this number is due.
  bool is_index_with_junk(int64_t& index) const {
    if (!last_.behind_blank || last_.blanks_behind > 0) return false;
    const std::string_view written = trimmed(last_.line.of(text_));
    const size_t digits = std::min(written.find_first_not_of("0123456789"), written.size());
    if (digits == written.size() || blank_at(written, digits) == 0) return false;
    if (!is_cue_number(written.substr(0, digits), index)) return false;
    return previous_index_ ? index == *previous_index_ + 1 : subtitle_.cues.empty() && index <= 1;
  }

  void begin_cue(const SubtitleLine& line, const std::optional<TimingLine>& timing) {
    int64_t index = 0;
    const bool has_line = last_.line.number != 0 && last_.blanks_behind <= 1;
    const bool has_index = has_line && ((is_cue_number(last_.line.of(text_), index) && is_index(index)) ||
                                        is_index_with_junk(index));
    end_text(has_index ? last_.line.begin : line.begin);
    const bool joined = !has_index ? last_.line.number != 0 && last_.blanks_behind == 0 : !last_.behind_blank;
    const bool first = subtitle_.cues.empty();
    Cue& cue = add_cue(subtitle_, line.number);
    if (has_index) cue.id = trimmed(last_.line.of(text_));
    if (timing)
      set_times(subtitle_, cue, text_, *timing,
                {.decimal_mark = ",", .fraction_digits = 3, .needs_hours = true}, "number");
    warn_of_index(cue, has_index, index, joined && !first);
    if (!timing) set_half_times(subtitle_, cue, line);
    text_begin_ = line.next;
    if (timing && !timing->rest.empty()) take_rest(cue, *timing);
    last_ = {};
  }

  void warn_of_index(const Cue& cue, bool has_index, int64_t index, bool joined) {
    const auto say = [&](std::string_view code, std::string message) {
      warn(subtitle_, code, cue.line, std::move(message), cue.order);
    };
    if (joined) say("no_blank_line", "no blank line before this cue");
    if (!has_index) {
      if (cue.id.empty()) say("missing_index", "the cue has no number");
      previous_index_ = previous_index_ ? std::optional(*previous_index_ + 1) : std::nullopt;
      return;
    }
    if (last_.blanks_behind > 0) say("blank_after_index", "a blank line between the number and the times");
    if (cue.id != fmt::format("{}", index) || index < 0) {
      say("odd_index", fmt::format("expected a whole number, found '{}'", excerpt(cue.id)));
    } else if (previous_index_ && index != *previous_index_ + 1) {
      say("index_order", fmt::format("expected number {}, found {}", *previous_index_ + 1, index));
    }
    previous_index_ = index;
  }

  /// What stands behind the times: coordinates, which stay where they are, or text.
  void take_rest(Cue& cue, const TimingLine& timing) {
    const std::string_view rest = text_.substr(timing.rest.begin, timing.rest.end - timing.rest.begin);
    if (is_placement(rest)) return;
    cue.text = rest;
    warn(subtitle_, "text_in_times", cue.line, "text behind the times, in their line", cue.order);
  }

  /// The text of the cue that is being read ends at `end`.
  void end_text(size_t end) {
    const JoinedLines joined = join_lines(text_, text_begin_, std::max(text_begin_, end));
    if (subtitle_.cues.empty()) {
      if (!joined.text.empty()) warn(subtitle_, "stray_text", 1, "text before the first cue belongs to none");
      return;
    }
    Cue& cue = subtitle_.cues.back();
    if (!cue.text.empty() && !joined.text.empty()) cue.text += '\n';
    cue.text += joined.text;
    if (joined.inner_blank)
      warn(subtitle_, "blank_in_text", cue.line, "a blank line inside the cue's text", cue.order);
  }

  Subtitle& subtitle_;
  std::string_view text_;
  size_t text_begin_ = 0;
  Candidate last_ = {};
  std::optional<int64_t> previous_index_;
};

}  // namespace

void parse_srt(Subtitle& subtitle) { SrtParser(subtitle).parse(); }

}  // namespace wav2vec
