#pragma once
// Where something is heard, from loudness alone: what synchronisers without a text go by.

#include <cstdint>
#include <span>
#include <vector>

#include "wav2vec/align/word_times.h"

namespace wav2vec {

struct SpeechTrack {
  double frame_seconds = 0.01;
  std::vector<uint8_t> speech;  ///< 1 or 0 for each frame
};

/// Frames that are louder than the middle, in decibels, between the programme's quiet tenth and its loud one.
/// `powers`: mean square of each frame.
SpeechTrack speech_track(std::span<const float> powers, double frame_seconds);

/// Stretches of speech; pauses shorter than `least_gap_seconds` are bridged, and what is shorter than
/// `least_seconds` then is left out.
std::vector<TimeSpan> speech_spans(const SpeechTrack& track, double least_gap_seconds, double least_seconds);

/// The share of a stretch in which there is speech.
double loud_share(const SpeechTrack& track, const TimeSpan& span);

}  // namespace wav2vec
