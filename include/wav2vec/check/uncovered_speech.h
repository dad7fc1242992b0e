#pragma once
// Speech that no cue stands for, and cues where nobody speaks.

#include <span>
#include <vector>

#include "wav2vec/align/pauses.h"

namespace wav2vec {

struct UncoveredSpeechOptions {
  double least_seconds = 1.0;   ///< of speech, without its pauses
  double pause_seconds = 0.6;   ///< longer ones part two stretches
  double margin_seconds = 0.5;  ///< around every cue, which belongs to it
};

/// Stretches of speech outside all cues, in their order. `pauses`: pause_scores() of the recording, empty
/// where they are not known; `cues`: in any order.
std::vector<TimeSpan> uncovered_speech(std::span<const float> pauses, const FrameTimes& frame_times,
                                       std::span<const TimeSpan> cues,
                                       const UncoveredSpeechOptions& options = {});

/// The share of the frames within a span that are none of a pause; 1 where no frame is known.
double speech_share(std::span<const float> pauses, const FrameTimes& frame_times, const TimeSpan& span);

}  // namespace wav2vec
