#pragma once
// Log-mel filter banks, the numbers of Kaldi's compute-fbank-feats (feature-fbank.cc).

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "wav2vec/audio/frame_grid.h"
#include "wav2vec/config/fbank_config.h"

namespace wav2vec {

/// Takes rows [frames, channels], some frames at a time; valid during the call only.
using RowSink = std::function<void(std::span<const float> rows)>;

/// The features of one waveform after the other, each in pieces. Every row is a function of the samples under
/// its window alone: however a waveform is cut, the rows are the same to the bit. Not thread-safe.
class Fbank {
 public:
  /// Throws ConfigError.
  Fbank(const FbankConfig& config, int64_t sample_rate_hz);
  ~Fbank();

  const FrameGrid& grid() const;
  /// num_mel_bins, and one for the energy if it is used.
  int64_t channels() const;

  /// `samples` in [-1, 1) (see WindowConfig::waveform_scale); rows go out as soon as they are complete.
  void push(std::span<const float> samples, const RowSink& sink);
  /// The end of the waveform: the last rows. Afterwards another waveform may begin.
  void finish(const RowSink& sink);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Of a whole waveform: [grid.frames_for(samples), channels]. Throws ConfigError.
std::vector<float> compute_fbank(const FbankConfig& config, int64_t sample_rate_hz,
                                 std::span<const float> waveform);

}  // namespace wav2vec
