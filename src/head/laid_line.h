#pragma once
// Tokens laid on a part of a recording by themselves, without the lines before and behind them.

#include <cstdint>
#include <span>
#include <vector>

#include "wav2vec/align/chain_path.h"
#include "wav2vec/align/word_times.h"
#include "wav2vec/head/head_model.h"
#include "wav2vec/head/text_aligner.h"

namespace wav2vec {

/// Frames [first, end) of a recording.
struct LineFrames {
  int64_t first = 0;
  int64_t end = 0;
};

/// any? gap tokens gap any?
std::vector<ChainState> between_pauses(std::span<const int> tokens);
/// The state of a token in such a chain.
size_t state_of(int64_t token);

/// To be moved and not copied: `similarity` looks into `meant`.
struct LaidTokens {
  std::vector<ChainState> chain;
  std::vector<float> meant;   ///< of the tokens and a gap at both ends
  Similarity similarity;      ///< of these
  std::vector<int64_t> path;  ///< empty where the tokens do not fit
};

/// `chain`: between_pauses(tokens), its frames counted from frames.first.
LaidTokens lay(std::span<const int> tokens, std::vector<ChainState> chain, const LineFrames& frames,
               const RecordingScores& scores, const LetterSounds& letter_sounds);

/// Of each token.
struct LaidLine {
  std::vector<TimeSpan> times;       ///< empty where the tokens do not fit
  std::vector<double> similarities;  ///< align/match_score.h, letter_similarities
};

/// `laid` on these frames.
LaidLine laid_line(const LaidTokens& laid, const LineFrames& frames, const FrameTimes& frame_times);

}  // namespace wav2vec
