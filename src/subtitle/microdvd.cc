// MicroDVD: "{first frame}{last frame}text|second line". What a frame lasts stands in a first line
// "{1}{1}23.976", if anywhere.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "subtitle/format_parsers.h"
#include "wav2vec/core/text_lines.h"

namespace wav2vec {
namespace {

constexpr double kUsualFramesPerSecond = 24000.0 / 1001.0;

class MicrodvdParser {
 public:
  MicrodvdParser(Subtitle& subtitle, double frames_per_second)
      : subtitle_(subtitle), text_(subtitle.decoded.text) {
    subtitle_.frames_per_second = frames_per_second;
  }

  void parse() {
    LineWalk walk(text_);
    for (SubtitleLine line; walk.next(line);) {
      const std::string_view written = line.of(text_);
      if (is_blank_line(written)) continue;
      const auto fields = frame_fields(text_, line);
      if (fields && subtitle_.cues.empty() && !seen_rate_ && take_rate(line, *fields)) continue;
      if (fields) {
        add(line, *fields);
      } else {
        take_other(line);
      }
    }
    if (subtitle_.frames_per_second == 0.0) {
      subtitle_.frames_per_second = kUsualFramesPerSecond;
      warn(subtitle_, "assumed_frame_rate", 0,
           "nothing says how many frames a second has; 24000/1001 is assumed");
    }
    for (Cue& cue : subtitle_.cues) {
      cue.start_seconds /= subtitle_.frames_per_second;
      cue.end_seconds /= subtitle_.frames_per_second;
    }
  }

 private:
  std::string_view part(ByteRange range) const { return text_.substr(range.begin, range.end - range.begin); }

  std::optional<double> frames(ByteRange range) const {
    double value = 0.0;
    if (range.empty() || !parse_seconds(part(range), value)) return std::nullopt;
    return value;
  }

  /// Whether the first line says how fast frames follow each other.
  bool take_rate(const SubtitleLine& line, const FrameFields& fields) {
    const auto start = frames(fields.start);
    if (!start || start != frames(fields.end) || (*start != 0.0 && *start != 1.0)) return false;
    std::string rate(trimmed(text_.substr(fields.behind, line.end - fields.behind)));
    std::replace(rate.begin(), rate.end(), ',', '.');
    double value = 0.0;
    if (!parse_seconds(rate, value) || value < 1.0 || value > 1000.0) return false;
    // Three decimals stand for the rates of film and television.
    for (const double whole : {24.0, 30.0, 60.0}) {
      if (std::abs(value - whole * 1000.0 / 1001.0) < 0.006) value = whole * 1000.0 / 1001.0;
    }
    seen_rate_ = true;
    if (subtitle_.frames_per_second == 0.0) subtitle_.frames_per_second = value;
    return true;
  }

  // Times are frames until the rate is known.
  void add(const SubtitleLine& line, const FrameFields& fields) {
    const auto start = frames(fields.start);
    const auto end = frames(fields.end);
    Cue& cue = add_cue(subtitle_, line.number);
    cue.start_seconds = start ? *start : *end;
    cue.end_seconds = end ? *end : *start;
    cue.start_field.place = fields.start;
    cue.end_field.place = fields.end;
    if (!start || !end)
      warn(subtitle_, "missing_time", line.number, "the cue says only one of its times", cue.order);
    append_text(cue, text_.substr(fields.behind, line.end - fields.behind));
  }

  void take_other(const SubtitleLine& line) {
    const std::string_view written = trimmed(line.of(text_));
    // Fonts and colours for the whole file.
    if (lower_ascii(written.substr(0, std::min<size_t>(8, written.size()))) == "{default") return;
    if (subtitle_.cues.empty()) {
      warn(subtitle_, "stray_text", line.number, "text before the first cue belongs to none");
      return;
    }
    Cue& cue = subtitle_.cues.back();
    if (!cue.text.empty()) cue.text += '\n';
    append_text(cue, line.of(text_));
    warn(subtitle_, "no_frames", line.number, "a line without frames continues the one before", cue.order);
  }

  static void append_text(Cue& cue, std::string_view text) {
    const size_t before = cue.text.size();
    cue.text += text;
    std::replace(cue.text.begin() + static_cast<ptrdiff_t>(before), cue.text.end(), '|', '\n');
  }

  Subtitle& subtitle_;
  std::string_view text_;
  bool seen_rate_ = false;
};

}  // namespace

void parse_microdvd(Subtitle& subtitle, double frames_per_second) {
  MicrodvdParser(subtitle, frames_per_second).parse();
}

}  // namespace wav2vec
