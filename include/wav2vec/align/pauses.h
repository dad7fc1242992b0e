#pragma once
// Where nobody speaks, whatever else sounds there: heard by the network and not by the level.

#include <cstdint>
#include <span>
#include <vector>

#include "wav2vec/align/similarity.h"
#include "wav2vec/align/word_times.h"

namespace wav2vec {

/// Of every frame: by how many nats it is more probable in a pause than anywhere. `pause`: the similarities
/// of a single letter, the blank between words.
std::vector<float> pause_scores(const Similarity& pause);

/// What is quieter than the last bit of 16 is a pause, whatever the network makes of it: it has been
/// normalised and says nothing. powers: mean square of each frame, of full scale.
void note_silence(std::span<float> pauses, std::span<const float> powers);

/// A frame of this score and more is one of a pause: scores of pauses and of speech are far apart, and
/// frames at the edges lie in between.
inline constexpr float kPauseNats = 0.3F;

/// Whether nobody speaks in any frame of `span`; false for one without frames.
bool is_pause_throughout(const TimeSpan& span, std::span<const float> pauses, const FrameTimes& frame_times);

/// Moves letters (letter_times() in word_times.h) out of the pauses that the ends of their words were
/// stretched over: those of `pause_seconds` and more. A word that is a pause throughout stays as it is.
/// `pauses`: pause_scores() of the recording.
void keep_out_of_pauses(std::span<TimeSpan> letters, std::span<const TokenWord> words,
                        std::span<const float> pauses, const FrameTimes& frame_times,
                        double pause_seconds = 0.02);

struct SpeechEdgeOptions {
  double pause_seconds = 0.08;  ///< what is shorter belongs to the speech around it
  /// A network that hears both ways is less sure of a pause where speech is about to begin.
  float start_pause_nats = 0.0F;
  float end_pause_nats = kPauseNats;
  double most_seconds_before = 0.3;
  double most_seconds_behind = 0.6;
};

/// `line` moved to where its speech begins and ends, between the ends of its neighbours: networks let letters
/// end where they fade. `pauses`: pause_scores() of the recording.
TimeSpan speech_edges(const TimeSpan& line, double earliest_seconds, double latest_seconds,
                      std::span<const float> pauses, const FrameTimes& frame_times,
                      const SpeechEdgeOptions& options = {});

}  // namespace wav2vec
