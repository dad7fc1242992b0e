#pragma once
// Whether subtitles can be read: what guidelines for subtitlers ask of text and times, without the audio.

#include <optional>
#include <string_view>
#include <vector>

#include "wav2vec/subtitle/subtitle.h"

namespace wav2vec {

/// Limits; 0 switches a rule off. Where they come from: docs/subtitles.md.
struct LintProfile {
  std::string_view name = "none";
  double max_characters_per_second = 0.0;
  double max_wide_characters_per_second = 0.0;  ///< of cues mostly in Chinese, Japanese or Korean
  double max_words_per_minute = 0.0;            ///< not judged in scripts without blanks
  double min_seconds = 0.0;
  double max_seconds = 0.0;
  double min_gap_frames = 0.0;  ///< judged only if frames_per_second is known
  int max_line_characters = 0;
  int max_wide_line_characters = 0;
  int max_lines = 0;
  double frames_per_second = 0.0;  ///< of the video. 0: unknown
};

/// "netflix", "netflix-children", "bbc" or "dcmp". Throws ConfigError for any other name.
LintProfile lint_profile(std::string_view name);

struct LintFinding {
  std::string_view rule;  ///< max_cps, max_wpm, min_duration, max_duration, min_gap, max_line_length,
                          ///< max_lines, overlap, empty
  size_t cue = 0;         ///< its order; of min_gap and overlap the later one
  double value = 0.0;
  double limit = 0.0;
};

/// In the order of the cues. Characters are those that are shown: tags and invisible characters do not count,
/// notes and speakers do, and a letter with its accents or an emoji with its modifiers is one.
std::vector<LintFinding> lint(const Subtitle& subtitle, const LintProfile& profile);

}  // namespace wav2vec
