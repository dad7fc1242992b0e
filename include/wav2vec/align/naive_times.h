#pragma once
// Word times from no model at all: what a head has to beat.

#include <cstdint>
#include <span>
#include <vector>

#include "wav2vec/align/word_times.h"

namespace wav2vec {

/// The span divided among the tokens alike, gaps included.
std::vector<TimeSpan> uniform_times(std::span<const TokenWord> words, int64_t tokens, const TimeSpan& span);

/// From the first frame that is within 35 dB of the loudest to the last. `powers`: mean square of each frame
/// of `frame_seconds`.
TimeSpan loud_span(std::span<const double> powers, double frame_seconds);

/// Every boundary moved to the quietest frame at most `reach_seconds` away; the first and the last stay.
std::vector<TimeSpan> snapped_times(std::vector<TimeSpan> words, std::span<const double> powers,
                                    double frame_seconds, double reach_seconds);

}  // namespace wav2vec
