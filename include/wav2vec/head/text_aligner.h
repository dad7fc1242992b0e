#pragma once
// Lays the lines of a text on a recording. What is spoken between two lines without standing in the text is
// passed by, and lines that are not spoken are marked instead of being squeezed in.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "wav2vec/align/aligned_text.h"
#include "wav2vec/align/match_score.h"
#include "wav2vec/core/error.h"
#include "wav2vec/head/head_model.h"
#include "wav2vec/text/token_reader.h"

namespace wav2vec {

struct TextLine {
  int64_t number = 1;  ///< in its file
  std::string text;    ///< UTF-8
};

/// Why a line cannot be read; the message names neither file nor line.
class TextError : public DataError {
 public:
  TextError(int64_t line, const std::string& message) : DataError(message), line_(line) {}
  int64_t line() const { return line_; }

 private:
  int64_t line_;
};

/// The sounds that tokens stand for (head_model.h, meant).
using LetterSounds = std::function<std::vector<float>(std::span<const int> tokens)>;
/// The same where they may be spoken in frames [first_frame, end_frame).
using HeardLetterSounds =
    std::function<std::vector<float>(std::span<const int> tokens, int64_t first_frame, int64_t end_frame)>;

struct TextAlignerOptions {
  /// What a frame of speech between two lines that does not stand in the text costs, in nats.
  float any_penalty = 0.0F;
  /// What it costs to leave a line out.
  float jump_penalty = 10.0F;
  /// Lines that are less probable are taken for not spoken, and the others are aligned once more without
  /// them.
  double least_probability = 0.001;
  int64_t most_passes = 3;
  /// Frames times letters beyond which a coarse path (align/coarse_path.h) is looked for first, around which
  /// the fine one stays by the margin.
  int64_t most_cells = 50'000'000;
  double margin_seconds = 5.0;
  /// Of a head with early fusion: each line that was found with letters alone is laid once more with letters
  /// that attend to its frames and those around it, up to the margin and its neighbours. Empty: it is not.
  HeardLetterSounds heard_letter_sounds = {};
  double heard_margin_seconds = 1.0;
  std::function<bool()> stop_requested = [] { return false; };  ///< true: what is returned is not complete
};

/// `lines` in the order in which they are spoken. Where a segment has several readings, the usual one finds
/// its place and then that which fits best there is taken (docs/align.md). `reader`: of the tokens of the
/// model. Throws DataError (without a file name) for a text that the reader refuses, ConfigError where text
/// and recording are too long to be aligned at once.
AlignedText align_text(const RecordingScores& scores, const FrameTimes& frame_times,
                       const MatchCalibration& calibration, const LetterSounds& letter_sounds,
                       std::span<const TextLine> lines, const TokenReader& reader,
                       const TextAlignerOptions& options = {});

}  // namespace wav2vec
