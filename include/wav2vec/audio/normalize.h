#pragma once
// Waveform normalisation as fairseq's `normalize` does it (layer_norm over the utterance).

#include <span>

namespace wav2vec {

/// x <- (x - mean) / sqrt(variance + 1e-5) in place; biased variance, sums in double.
void normalize_waveform(std::span<float> samples);

/// The same for a waveform that comes in pieces: both sums run over all samples in order.
void add_samples(std::span<const float> samples, double& sum);
void add_squares(std::span<const float> samples, double mean, double& squares);

struct WaveformScaling {
  double mean = 0.0;
  double scale = 1.0;

  void set_variance(double variance);
  void apply(std::span<float> samples) const;
};

}  // namespace wav2vec
