#pragma once
// How the numbers and signs of a line were read aloud: each way is laid on the frames of its segment.

#include <cstddef>
#include <span>
#include <vector>

#include "head/laid_line.h"
#include "wav2vec/align/word_times.h"
#include "wav2vec/head/head_model.h"
#include "wav2vec/head/text_aligner.h"
#include "wav2vec/text/token_reader.h"

namespace wav2vec {

/// A line in one reading of each segment, with a gap between any two.
struct ReadLine {
  std::vector<TokenSegment> segments;  ///< those with a sound
  std::vector<size_t> chosen;          ///< reading of each segment
  std::vector<int> tokens;
  std::vector<TokenWord> words;  ///< of each segment; it may be several words of the reading
};

/// `segments` need not have a sound; the usual readings are chosen.
ReadLine read_line(std::vector<TokenSegment> segments);
/// The same segments in other readings, one for each.
ReadLine in_readings(ReadLine line, std::vector<size_t> chosen);

/// The readings that were said. Each of a segment is laid, with the segments before and behind it, around the
/// frames of these three; that whose letters are most similar to what is heard (align/match_score.h) is
/// chosen, an unusual one only where it is clearly better. `times`: of each token of the line in its usual
/// readings. `frames`: behind the line before and before the next.
std::vector<size_t> best_readings(const ReadLine& line, std::span<const TimeSpan> times,
                                  const LineFrames& frames, const RecordingScores& scores,
                                  const FrameTimes& frame_times, const LetterSounds& letter_sounds);

/// A line in other readings than those of `before`, whose tokens are at `times`. `frames`: behind the line
/// before and before the next.
LaidLine lay_again(const ReadLine& line, const ReadLine& before, std::span<const TimeSpan> times,
                   const LineFrames& frames, const RecordingScores& scores, const FrameTimes& frame_times,
                   const LetterSounds& letter_sounds);

}  // namespace wav2vec
