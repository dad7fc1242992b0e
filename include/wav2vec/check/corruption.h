#pragma once
// Subtitles of known truth, made wrong on purpose: what a check is measured with. docs/check.md lists the
// kinds C0 to C17.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wav2vec/check/checker.h"

namespace wav2vec {

enum class TextTruth {
  spoken,      ///< every word of it is
  changed,     ///< but for a word or two
  not_spoken,  ///< none of it
  unjudged,    ///< neither right nor wrong: no speech, or shown longer than it is spoken
};

struct CueTruth {
  std::optional<double> start_seconds = {};  ///< in the audio, where it is spoken and that is known
  TextTruth text = TextTruth::spoken;
  bool touched = false;  ///< other text than before; others are as they were but for their times
};

/// seconds in the audio = slope · seconds in the subtitle + offset, from one time of the subtitle to another.
/// Between two segments lies a scene that the audio does not have, or, of no length, what it has in addition.
struct TrueSegment {
  double from_seconds = 0.0;
  double until_seconds = 0.0;
  double slope = 1.0;
  double offset_seconds = 0.0;
};

struct CorruptedSubtitle {
  std::string kind;  ///< "C4"
  std::string name;  ///< "C4 scene of 45 s lost"
  std::vector<CheckedText> cues;
  std::vector<CueTruth> truth;        ///< of each cue
  std::vector<TrueSegment> segments;  ///< at least one
  FileState expected = FileState::ok;
  std::string_view ratio = {};  ///< of frame rates, as it is to be named
};

struct CorruptionTexts {
  std::vector<std::string>
      others;  ///< of other programmes; where they are few, distant ones of the same serve
  std::vector<std::string> foreign;  ///< in another language; without any the kind C11 is left out
};

/// As people set times: starts jittered by 120 ms, ends held for 0.2 to 1.2 s.
std::vector<CheckedText> loosened(std::span<const CheckedText> cues, uint64_t seed);

/// All kinds, for `cues` that are right. Cues that would begin before 0 and what audio has in addition are
/// left out. Where a kind makes no difference that a person would see (0.1 s), `ok` is expected.
std::vector<CorruptedSubtitle> corrupted_subtitles(std::span<const CheckedText> cues,
                                                   const CorruptionTexts& texts, uint64_t seed);

}  // namespace wav2vec
