#include "wav2vec/subtitle/lint.h"

#include <fmt/format.h>
#include <unicode/uchar.h>

#include <algorithm>
#include <numeric>
#include <string>

#include "subtitle/text_lines.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/text/markup.h"

namespace wav2vec {
namespace {

constexpr LintProfile kProfiles[] = {
    {.name = "netflix",
     .max_characters_per_second = 20.0,
     .max_wide_characters_per_second = 9.0,
     .min_seconds = 5.0 / 6.0,
     .max_seconds = 7.0,
     .min_gap_frames = 2.0,
     .max_line_characters = 42,
     .max_wide_line_characters = 16,
     .max_lines = 2},
    {.name = "netflix-children",
     .max_characters_per_second = 17.0,
     .max_wide_characters_per_second = 9.0,
     .min_seconds = 5.0 / 6.0,
     .max_seconds = 7.0,
     .min_gap_frames = 2.0,
     .max_line_characters = 42,
     .max_wide_line_characters = 16,
     .max_lines = 2},
    {.name = "bbc", .max_words_per_minute = 180.0, .max_line_characters = 37, .max_lines = 3},
    {.name = "dcmp",
     .max_words_per_minute = 130.0,
     .min_seconds = 4.0 / 3.0,
     .max_seconds = 6.0,
     .max_line_characters = 32,
     .max_lines = 2}};

/// What a viewer sees of a cue.
struct Shown {
  std::vector<int> line_characters;  ///< of lines that show something
  int characters = 0;
  int wide = 0;  ///< Chinese, Japanese or Korean
  int words = 0;
};

/// Continues the character before it: accents, joiners, the skin of an emoji.
bool continues(char32_t c) {
  const auto code = static_cast<UChar32>(c);
  const uint32_t mask = U_GET_GC_MASK(code);
  return (mask & (U_GC_M_MASK | U_GC_CF_MASK | U_GC_CC_MASK)) != 0 || (c >= 0x1F3FB && c <= 0x1F3FF);
}

bool is_wide(char32_t c) {
  const int32_t width = u_getIntPropertyValue(static_cast<UChar32>(c), UCHAR_EAST_ASIAN_WIDTH);
  return (width == U_EA_WIDE || width == U_EA_FULLWIDTH) && u_isalpha(static_cast<UChar32>(c));
}

bool is_word_part(char32_t c) {
  return u_isalnum(static_cast<UChar32>(c)) || (U_GET_GC_MASK(static_cast<UChar32>(c)) & U_GC_N_MASK) != 0;
}

class Counter {
 public:
  void put(char32_t c) {
    if (c == '\n') {
      end_line();
      return;
    }
    const bool joined = joins_;
    joins_ = c == 0x200D;
    const bool flag = c >= 0x1F1E6 && c <= 0x1F1FF;
    const bool second_flag = flag && half_flag_;
    half_flag_ = flag && !second_flag;
    const bool blank = u_isUWhiteSpace(static_cast<UChar32>(c));
    if (blank) in_word_ = false;
    if (!blank && is_word_part(c) && !in_word_) {
      in_word_ = true;
      ++shown_.words;
    }
    if (!blank && (joined || second_flag || continues(c))) return;
    // Blanks at the ends of a line are not seen.
    if (blank) {
      ++blanks_;
      return;
    }
    line_ += (line_ > 0 ? blanks_ : 0) + 1;
    blanks_ = 0;
    shown_.wide += is_wide(c) ? 1 : 0;
  }

  Shown finish() {
    end_line();
    return shown_;
  }

 private:
  void end_line() {
    if (line_ > 0) shown_.line_characters.push_back(line_);
    shown_.characters += line_;
    line_ = blanks_ = 0;
    in_word_ = joins_ = half_flag_ = false;
  }

  Shown shown_;
  int line_ = 0;
  int blanks_ = 0;
  bool in_word_ = false;
  bool joins_ = false;
  bool half_flag_ = false;
};

/// Tags and what cannot be seen are left out; notes, speakers and music are shown like any text.
Shown shown_of(const std::string& text) {
  const TracedText all = trace_utf8(text, InvalidUtf8::replace);
  const MarkedText marked = strip_markup(all);
  Counter counter;
  size_t speech = 0;
  size_t hidden = 0;
  size_t shown_to = 0;
  const auto is_hidden = [](const Mark& mark) {
    return mark.kind == MarkKind::tag || mark.kind == MarkKind::invisible;
  };
  for (const TracedCharacter& c : all) {
    const size_t at = c.source.begin;
    if (at < shown_to) continue;
    while (hidden < marked.marks.size() &&
           (!is_hidden(marked.marks[hidden]) || marked.marks[hidden].source.end <= at))
      ++hidden;
    while (speech < marked.speech.size() && marked.speech[speech].source.begin < at) ++speech;
    // An entity or a break in ASS: several characters that stand for one.
    const bool spoken = speech < marked.speech.size() && marked.speech[speech].source.begin == at;
    const ByteRange source = spoken ? marked.speech[speech].source : c.source;
    const bool stands_for_one = spoken && source.end > c.source.end;
    // Marks of direction and joiners are no characters but join some.
    const bool is_tag = hidden < marked.marks.size() && marked.marks[hidden].source.begin <= at;
    if (is_tag && c.code != 0x200D && c.code != '\n') continue;
    if (stands_for_one && is_tag) continue;
    counter.put(stands_for_one ? marked.speech[speech].code : c.code);
    if (stands_for_one) shown_to = source.end;
  }
  return counter.finish();
}

/// What times are rounded to in a file, at most: no rule is broken by less.
double tolerance_seconds(SubtitleFormat format) { return format == SubtitleFormat::ass ? 0.0101 : 0.00101; }

class Linter {
 public:
  Linter(const Subtitle& subtitle, const LintProfile& profile)
      : subtitle_(subtitle), profile_(profile), tolerance_(tolerance_seconds(subtitle.format)) {}

  std::vector<LintFinding> run() {
    for (const Cue& cue : subtitle_.cues) judge(cue);
    judge_neighbours();
    std::stable_sort(findings_.begin(), findings_.end(),
                     [](const LintFinding& a, const LintFinding& b) { return a.cue < b.cue; });
    return std::move(findings_);
  }

 private:
  void find(std::string_view rule, const Cue& cue, double value, double limit) {
    findings_.push_back({.rule = rule, .cue = cue.order, .value = value, .limit = limit});
  }

  void judge(const Cue& cue) {
    const Shown shown = shown_of(cue.text);
    const double seconds = cue.end_seconds - cue.start_seconds;
    if (shown.characters == 0) {
      find("empty", cue, 0.0, 1.0);
    } else {
      judge_speed(cue, shown, seconds);
      judge_lines(cue, shown);
    }
    if (profile_.min_seconds > 0.0 && seconds < profile_.min_seconds - tolerance_)
      find("min_duration", cue, seconds, profile_.min_seconds);
    if (profile_.max_seconds > 0.0 && seconds > profile_.max_seconds + tolerance_)
      find("max_duration", cue, seconds, profile_.max_seconds);
  }

  bool is_wide(const Shown& shown) const { return 2 * shown.wide > shown.characters; }

  void judge_speed(const Cue& cue, const Shown& shown, double seconds) {
    // No time at all is min_duration's and overlap's concern.
    if (seconds <= 0.0) return;
    const bool wide = is_wide(shown) && profile_.max_wide_characters_per_second > 0.0;
    const double limit = wide ? profile_.max_wide_characters_per_second : profile_.max_characters_per_second;
    const double fastest = seconds + tolerance_;
    if (limit > 0.0 && shown.characters > limit * fastest)
      find("max_cps", cue, shown.characters / seconds, limit);
    const double words = profile_.max_words_per_minute;
    if (words > 0.0 && !is_wide(shown) && shown.words * 60.0 > words * fastest)
      find("max_wpm", cue, shown.words * 60.0 / seconds, words);
  }

  void judge_lines(const Cue& cue, const Shown& shown) {
    const bool wide = is_wide(shown) && profile_.max_wide_line_characters > 0;
    const int limit = wide ? profile_.max_wide_line_characters : profile_.max_line_characters;
    const int longest = *std::max_element(shown.line_characters.begin(), shown.line_characters.end());
    if (limit > 0 && longest > limit) find("max_line_length", cue, longest, limit);
    const auto lines = static_cast<int>(shown.line_characters.size());
    if (profile_.max_lines > 0 && lines > profile_.max_lines)
      find("max_lines", cue, lines, profile_.max_lines);
  }

  /// In the order of time, whatever the file's.
  void judge_neighbours() {
    std::vector<size_t> order(subtitle_.cues.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return subtitle_.cues[a].start_seconds < subtitle_.cues[b].start_seconds;
    });
    const bool judges_gaps = profile_.min_gap_frames > 0.0 && profile_.frames_per_second > 0.0;
    const double min_gap = judges_gaps ? profile_.min_gap_frames / profile_.frames_per_second : 0.0;
    double free_from = 0.0;
    for (size_t i = 0; i < order.size(); ++i) {
      const Cue& cue = subtitle_.cues[order[i]];
      if (i > 0) {
        const double gap = cue.start_seconds - free_from;
        if (gap < -1e-6) {
          find("overlap", cue, -gap, 0.0);
        } else if (judges_gaps && gap < min_gap - tolerance_) {
          find("min_gap", cue, gap * profile_.frames_per_second, profile_.min_gap_frames);
        }
      }
      free_from = i == 0 ? cue.end_seconds : std::max(free_from, cue.end_seconds);
    }
  }

  const Subtitle& subtitle_;
  const LintProfile& profile_;
  double tolerance_ = 0.0;
  std::vector<LintFinding> findings_;
};

}  // namespace

LintProfile lint_profile(std::string_view name) {
  for (const LintProfile& profile : kProfiles) {
    if (profile.name == name) return profile;
  }
  throw ConfigError(
      fmt::format("expected netflix, netflix-children, bbc or dcmp, found '{}'", printable(name)));
}

std::vector<LintFinding> lint(const Subtitle& subtitle, const LintProfile& profile) {
  return Linter(subtitle, profile).run();
}

}  // namespace wav2vec
