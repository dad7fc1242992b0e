// WebVTT: blocks between empty lines. A block with a line of times is a cue; the line before the times is its
// name; all other blocks are comments, styles or regions. Cues that the specification would drop for their
// times are kept.

#include <fmt/format.h>

#include <algorithm>

#include "subtitle/format_parsers.h"

namespace wav2vec {
namespace {

bool is_keyword(std::string_view line, std::string_view word) {
  return line.starts_with(word) && is_blank_line(line.substr(word.size()));
}

class VttParser {
 public:
  explicit VttParser(Subtitle& subtitle) : subtitle_(subtitle), text_(subtitle.decoded.text) {}

  void parse() {
    LineWalk walk(text_);
    for (SubtitleLine line; walk.next(line);) {
      if (first_) {
        if (is_blank_line(line.of(text_))) {
          blank_first_ = true;
          continue;
        }
        first_ = false;
        if (read_header(line)) continue;
      }
      read(line);
    }
    end_cue(text_.size());
    end_block();
    if (!first_) return;
    warn(subtitle_, "missing_header", 1, "expected WEBVTT in the first line");
  }

 private:
  enum class Block { none, header, comment, loose, cue };

  /// Whether the first line is the header.
  bool read_header(const SubtitleLine& line) {
    const std::string_view written = line.of(text_);
    if (!lower_ascii(written.substr(0, 6)).starts_with("webvtt")) {
      warn(subtitle_, "missing_header", line.number, "expected WEBVTT in the first line");
      return false;
    }
    const std::string_view rest = written.substr(6);
    const bool parted = rest.empty() || rest[0] == ' ' || rest[0] == '\t' || is_blank_line(rest);
    if (!written.starts_with("WEBVTT") || !parted || blank_first_)
      warn(subtitle_, "odd_header", line.number,
           "expected WEBVTT alone or before a blank, in the first line");
    block_ = Block::header;
    return true;
  }

  void read(const SubtitleLine& line) {
    const std::string_view written = line.of(text_);
    if (const auto timing = timing_line(text_, line)) return begin_cue(line, timing);
    if (looks_like_timing(written) && block_ != Block::comment) return begin_cue(line, std::nullopt);
    if (line.begin == line.end) {
      end_cue(line.begin);
      end_block();
      previous_ = {};
      return;
    }
    if (block_ == Block::cue) {
      if (written.find("-->") != std::string_view::npos)
        warn(subtitle_, "arrow_in_text", line.number, "'-->' in a cue's text", cue_order());
    } else if (block_ == Block::header) {
      if (written.starts_with("X-TIMESTAMP-MAP")) read_timestamp_map(line);
    } else if (block_ == Block::none) {
      const bool is_note = written.starts_with("NOTE") && (written.size() == 4 || blank_at(written, 4) > 0);
      block_ = is_note || is_keyword(written, "STYLE") || is_keyword(written, "REGION") ? Block::comment
                                                                                        : Block::loose;
      loose_line_ = line.number;
    } else if (block_ == Block::loose && (is_keyword(written, "STYLE") || is_keyword(written, "REGION"))) {
      end_block();
      block_ = Block::comment;
    }
    behind_blank_ = previous_.number != 0 ? is_blank_line(previous_.of(text_)) : block_ != Block::cue;
    previous_ = line;
  }

  /// Whether the line before the times names the cue.
  bool is_name() const {
    if (previous_.number == 0) return false;
    const std::string_view written = previous_.of(text_);
    if (block_ == Block::loose) return written.find("-->") == std::string_view::npos;
    if (block_ == Block::comment) return previous_.number == loose_line_;
    int64_t number = 0;
    if (block_ != Block::cue || !is_cue_number(written, number)) return false;
    // Without an empty line between cues: a number after a line of blanks, or the next one.
    return behind_blank_ || (previous_number_ && number == *previous_number_ + 1);
  }

  void begin_cue(const SubtitleLine& line, const std::optional<TimingLine>& timing) {
    const bool named = is_name();
    const Block before = block_;
    if (before == Block::comment)
      warn(subtitle_, "times_in_comment", line.number, "times end the comment before them and begin a cue");
    if (before == Block::loose && named && previous_.number == loose_line_) loose_line_ = 0;
    if (before == Block::loose && loose_line_ != 0) end_block();
    end_cue(named ? previous_.begin : line.begin);
    Cue& cue = add_cue(subtitle_, line.number);
    if (before == Block::cue)
      warn(subtitle_, "no_blank_line", line.number, "no empty line before this cue", cue.order);
    if (before == Block::header)
      warn(subtitle_, "no_blank_line", line.number, "no empty line behind the header", cue.order);
    if (named) cue.id = trimmed(previous_.of(text_));
    int64_t number = 0;
    previous_number_ = is_cue_number(cue.id, number) ? std::optional(number) : std::nullopt;
    if (timing) {
      set_times(subtitle_, cue, text_, *timing,
                {.decimal_mark = ".", .fraction_digits = 3, .needs_hours = false}, "name");
    } else {
      set_half_times(subtitle_, cue, line);
    }
    block_ = Block::cue;
    text_begin_ = line.next;
    previous_ = {};
  }

  void end_cue(size_t end) {
    if (block_ != Block::cue) return;
    Cue& cue = subtitle_.cues.back();
    cue.text = join_lines(text_, text_begin_, std::max(text_begin_, end)).text;
    read_tags(cue, text_.substr(text_begin_, std::max(text_begin_, end) - text_begin_));
    block_ = Block::none;
  }

  /// Who speaks, by the first <v>, and the times inside the text.
  void read_tags(Cue& cue, std::string_view raw) {
    for (size_t at = raw.find('<'); at != std::string_view::npos; at = raw.find('<', at + 1)) {
      const size_t end = raw.find_first_of("<>", at + 1);
      if (end == std::string_view::npos) return;
      if (raw[end] == '<') continue;
      const std::string_view tag = raw.substr(at + 1, end - at - 1);
      const size_t place = text_begin_ + at + 1;
      if (cue.speaker.empty() && (tag.starts_with("v ") || tag.starts_with("v.") || tag.starts_with("v\t"))) {
        const size_t blank = tag.find_first_of(" \t");
        if (blank != std::string_view::npos) cue.speaker = trimmed(tag.substr(blank));
      } else if (!tag.empty() && is_ascii_digit(tag[0])) {
        const auto stamp = clock_at(text_.substr(0, text_begin_ + end), place);
        if (stamp && stamp->place.end == text_begin_ + end) cue.stamps.push_back({.place = stamp->place});
      }
    }
  }

  void end_block() {
    if (block_ == Block::loose && loose_line_ != 0)
      warn(subtitle_, "stray_text", loose_line_, "text that belongs to no cue");
    block_ = Block::none;
    loose_line_ = 0;
  }

  /// "X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:900000": 90000 ticks a second.
  void read_timestamp_map(const SubtitleLine& line) {
    const std::string_view written = line.of(text_);
    const size_t local_at = written.find("LOCAL:");
    const size_t ticks_at = written.find("MPEGTS:");
    std::optional<ClockField> local;
    if (local_at != std::string_view::npos)
      local =
          clock_at(written.substr(0, std::min(written.find(',', local_at), written.size())), local_at + 6);
    double ticks = 0.0;
    size_t digits = 0;
    if (ticks_at != std::string_view::npos) {
      for (size_t at = ticks_at + 7; at < written.size() && is_ascii_digit(written[at]) && digits < 15;
           ++at) {
        ticks = ticks * 10.0 + (written[at] - '0');
        ++digits;
      }
    }
    if (!local || digits == 0) {
      warn(subtitle_, "bad_timestamp_map", line.number, "expected X-TIMESTAMP-MAP=LOCAL:…,MPEGTS:…");
      return;
    }
    subtitle_.timestamp_map_seconds = ticks / 90000.0 - local->seconds;
  }

  size_t cue_order() const { return subtitle_.cues.size() - 1; }

  Subtitle& subtitle_;
  std::string_view text_;
  bool first_ = true;
  bool blank_first_ = false;
  Block block_ = Block::none;
  SubtitleLine previous_ = {};  ///< in this block, behind the times
  bool behind_blank_ = false;   ///< before it stands a line of blanks
  int64_t loose_line_ = 0;      ///< where the block began
  size_t text_begin_ = 0;
  std::optional<int64_t> previous_number_;
};

}  // namespace

void parse_vtt(Subtitle& subtitle) { VttParser(subtitle).parse(); }

}  // namespace wav2vec
