#pragma once
// Subtitles of known truth, made wrong on purpose: what a check is measured with.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "wav2vec/check/checker.h"

namespace wav2vec {

struct CorruptedSubtitle {
  std::string name;
  std::vector<CheckedText> cues;
  std::vector<double> true_starts_seconds;  ///< of each cue
  std::vector<bool> right_text;             ///< of each cue
  FileState expected = FileState::ok;
};

/// Exact and loose (starts jittered by 120 ms, ends held for 0.2 to 1.2 s, 15 % of the cues missing); shifts;
/// the ratios of frame rates; a cut of 45 s and an insert of 30 s in the middle; one text in ten exchanged
/// for one of `others` of about as many bytes; all of them. Cues that would begin before 0 or were cut out
/// are left out.
std::vector<CorruptedSubtitle> corrupted_subtitles(std::span<const CheckedText> cues,
                                                   std::span<const std::string> others, uint64_t seed);

}  // namespace wav2vec
