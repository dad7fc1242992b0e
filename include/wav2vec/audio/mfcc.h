#pragma once
// Mel-frequency cepstral coefficients, the numbers of Kaldi's compute-mfcc-feats (feature-mfcc.cc).

#include <cstdint>
#include <span>
#include <vector>

#include "wav2vec/audio/fbank.h"
#include "wav2vec/config/fbank_config.h"

namespace wav2vec {

/// Used like Fbank.
class Mfcc {
 public:
  /// Throws ConfigError.
  Mfcc(const MfccConfig& config, int64_t sample_rate_hz);

  const FrameGrid& grid() const { return fbank_.grid(); }
  int64_t channels() const { return config_.num_ceps; }

  void push(std::span<const float> samples, const RowSink& sink);
  void finish(const RowSink& sink);

 private:
  void convert(std::span<const float> fbank_rows, const RowSink& sink);
  void convert_row(const float* fbank, float* cepstra) const;

  MfccConfig config_;
  Fbank fbank_;
  std::vector<double> transform_;  ///< [num_ceps, num_mel_bins]: cosine transform and lifter
  std::vector<float> rows_;
};

/// Of a whole waveform: [grid.frames_for(samples), num_ceps]. Throws ConfigError.
std::vector<float> compute_mfcc(const MfccConfig& config, int64_t sample_rate_hz,
                                std::span<const float> waveform);

}  // namespace wav2vec
