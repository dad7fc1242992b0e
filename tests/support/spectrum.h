#pragma once
// What tests ask of a waveform's spectrum, by plain sums.

#include <cmath>
#include <numbers>
#include <span>

namespace wav2vec::test {

/// Power of the component at `hz` under a Hann window: a²/4 of a steady tone of amplitude a.
inline double power_at(std::span<const float> samples, double hz, double rate_hz) {
  double real = 0.0;
  double imaginary = 0.0;
  double weight = 0.0;
  for (size_t i = 0; i < samples.size(); ++i) {
    const double at = (static_cast<double>(i) + 0.5) / static_cast<double>(samples.size());
    const double window = 0.5 - 0.5 * std::cos(2.0 * std::numbers::pi * at);
    const double angle = 2.0 * std::numbers::pi * hz * static_cast<double>(i) / rate_hz;
    real += window * samples[i] * std::cos(angle);
    imaginary += window * samples[i] * std::sin(angle);
    weight += window;
  }
  return (real * real + imaginary * imaginary) / (weight * weight);
}

inline double decibels(double power_ratio) { return 10.0 * std::log10(power_ratio); }

}  // namespace wav2vec::test
