#pragma once
// Figures of one waveform by which the doctor judges it.

#include <cstdint>
#include <span>
#include <vector>

namespace wav2vec {

/// Largest magnitude.
float peak_magnitude(std::span<const float> samples);

double mean_value(std::span<const float> samples);
double root_mean_square(std::span<const float> samples);

/// Share of samples in runs of at least 3 with one sign and a magnitude of 0.99 or more.
double clipped_share(std::span<const float> samples);

/// Content hash: equal samples, equal hash.
uint64_t content_hash(std::span<const float> samples);

/// Compares the energy just above and just below 4 kHz. One per run; measuring is thread-safe.
class BandMeter {
 public:
  explicit BandMeter(int64_t sample_rate_hz);

  /// Power in 4.3..5.1 kHz against power in 2.6..3.4 kHz in dB, averaged over Hann windows of 512 samples:
  /// the edge that audio sampled at 8 kHz keeps when it is resampled. 0 where it cannot be told: a rate below
  /// 10.2 kHz, under 512 samples or silence.
  double edge_db(std::span<const float> samples) const;

 private:
  std::vector<float> window_;
  int64_t sample_rate_hz_;
};

}  // namespace wav2vec
