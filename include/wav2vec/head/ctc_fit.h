#pragma once
// A text against what CTC hears without one: the yardstick of the head's times and matches, from the same
// network.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "wav2vec/align/word_times.h"
#include "wav2vec/core/frame_times.h"

namespace wav2vec {

/// ln p(token | frame) of a recording or a part of one (RecordingScores::letters), [frames, tokens].
struct CtcPosteriors {
  const float* log_p = nullptr;
  int64_t frames = 0;
  int64_t tokens = 0;
};

/// Of the words of `letters` (tokens, without gaps at the ends) on the best path; empty when none fits.
std::vector<TimeSpan> ctc_word_times(std::span<const int> letters, const CtcPosteriors& posteriors,
                                     const FrameTimes& frame_times);

/// The mean over the frames of ln p on the best path; none when no path fits.
std::optional<double> ctc_mean_log_probability(std::span<const int> letters, const CtcPosteriors& posteriors);

}  // namespace wav2vec
