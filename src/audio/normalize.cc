#include "wav2vec/audio/normalize.h"

#include <cmath>

namespace wav2vec {

void add_samples(std::span<const float> samples, double& sum) {
  for (float x : samples) sum += x;
}

void add_squares(std::span<const float> samples, double mean, double& squares) {
  for (float x : samples) squares += (x - mean) * (x - mean);
}

void WaveformScaling::set_variance(double variance) { scale = 1.0 / std::sqrt(variance + 1e-5); }

void WaveformScaling::apply(std::span<float> samples) const {
  for (float& x : samples) x = static_cast<float>((x - mean) * scale);
}

void normalize_waveform(std::span<float> samples) {
  if (samples.empty()) return;
  const auto count = static_cast<double>(samples.size());
  WaveformScaling scaling;
  double sum = 0.0;
  add_samples(samples, sum);
  scaling.mean = sum / count;
  double squares = 0.0;
  add_squares(samples, scaling.mean, squares);
  scaling.set_variance(squares / count);
  scaling.apply(samples);
}

}  // namespace wav2vec
