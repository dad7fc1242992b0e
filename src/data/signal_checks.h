#pragma once
// Figures of one waveform by which the doctor judges it.

#include <cstdint>
#include <memory>
#include <span>

namespace wav2vec {

/// Largest magnitude.
float peak_magnitude(std::span<const float> samples);

double mean_value(std::span<const float> samples);

/// Share of samples in runs of at least 3 with one sign and a magnitude of 0.99 or more.
double clipped_share(std::span<const float> samples);

/// Content hash: equal samples, equal hash.
uint64_t content_hash(std::span<const float> samples);

/// Compares the energy above and below 4 kHz. One per run; measuring is thread-safe.
class BandMeter {
 public:
  explicit BandMeter(int64_t sample_rate_hz);
  ~BandMeter();
  BandMeter(const BandMeter&) = delete;
  BandMeter& operator=(const BandMeter&) = delete;

  /// Power between 4.2 and 7.6 kHz against power between 0.1 and 3.8 kHz in dB, averaged over Hann windows of
  /// 512 samples. 0 where it cannot be told: a rate below 15.2 kHz, under 512 samples or silence.
  double high_band_db(std::span<const float> samples) const;

 private:
  struct Plan;
  std::unique_ptr<Plan> plan_;
  int64_t sample_rate_hz_;
};

}  // namespace wav2vec
