#pragma once
// A trained head at work: a waveform of any length becomes the sounds that are heard, a text those that it
// stands for.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "wav2vec/align/match_score.h"
#include "wav2vec/align/word_times.h"
#include "wav2vec/audio/waveform_source.h"
#include "wav2vec/io/model_file_info.h"

namespace wav2vec {

/// A whole recording: 94 numbers every 10 ms, 134 MB an hour; with early fusion the hidden values as well,
/// 256 more.
struct RecordingScores {
  int64_t frames = 0;
  int64_t sounds = 0;
  int64_t tokens = 0;
  std::vector<float> heard;        ///< p(sound | frame) / p(sound), [frames, sounds]
  std::vector<float> powers;       ///< mean square of the samples of each hop, from the first sample on
  std::vector<float> letters;      ///< ln p(token | frame) as CTC has it, without a text, [frames, tokens]
  std::vector<float> pauses = {};  ///< align/pauses.h, [frames]
  /// With early fusion: what letters attend to, [frames, hidden_channels].
  std::vector<float> hidden = {};
  int64_t hidden_channels = 0;
};

/// Holds the parameters and the memory of one window; not for several threads at once.
class HeadModel {
 public:
  /// `path`: what --model accepts (io/checkpoint.h, resolve_model_path). Throws DataError, CheckpointError;
  /// FormatError for a network without a head.
  explicit HeadModel(const std::filesystem::path& path);
  ~HeadModel();
  HeadModel(HeadModel&&) noexcept;

  const ModelFileInfo& info() const;
  const std::filesystem::path& path() const;
  FrameTimes frame_times() const;
  MatchCalibration calibration() const;

  /// Longer recordings pass by in windows of 20 s that overlap by 2 s on either side; every window is
  /// normalised by itself, as an utterance is. `progress` gets the frames that are done and may stop it by
  /// returning false, which leaves a result without frames. Also without: a waveform that is shorter than a
  /// receptive field.
  RecordingScores scores(const WaveformSource& waveform,
                         const std::function<bool(int64_t frames)>& progress = {});

  /// Early fusion: letters stand for sounds as what is heard suggests (config/head_config.h).
  bool attends() const;

  /// The sounds that tokens (text/token_set.h) stand for, between gaps: p(sound | letter), [tokens,
  /// sounds]. With early fusion what they stand for without audio.
  std::vector<float> meant(std::span<const int> tokens);
  /// The same where they may be spoken in frames [first_frame, end_frame) of what `this` heard. Without early
  /// fusion that changes nothing.
  std::vector<float> meant(std::span<const int> tokens, const RecordingScores& scores, int64_t first_frame,
                           int64_t end_frame);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace wav2vec
