#include "wav2vec/audio/band_reject.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "audio/fft_convolution.h"
#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

constexpr double kPi = std::numbers::pi;
constexpr double kTransitionHz = 100.0;
constexpr double kAttenuationDb = 60.0;

/// Ideal low-pass at `cutoff` cycles per sample, at distance n from its middle.
double low_pass(double cutoff, double n) {
  return n == 0.0 ? 2.0 * cutoff : std::sin(2.0 * kPi * cutoff * n) / (kPi * n);
}

/// Taps −half … half. Kaiser's window for attenuation and transition: Oppenheim and Schafer, "Discrete-Time
/// Signal Processing", §7.5.3.
std::vector<float> band_stop_taps(double from, double to, double transition) {
  const double beta = 0.1102 * (kAttenuationDb - 8.7);
  const auto half =
      static_cast<int64_t>(std::ceil((kAttenuationDb - 8.0) / (2.285 * 2.0 * kPi * transition) / 2.0));
  std::vector<float> taps(static_cast<size_t>(2 * half + 1));
  for (int64_t n = -half; n <= half; ++n) {
    const double at = static_cast<double>(n) / static_cast<double>(half);
    const double window =
        std::cyl_bessel_i(0.0, beta * std::sqrt(1.0 - at * at)) / std::cyl_bessel_i(0.0, beta);
    const auto distance = static_cast<double>(n);
    const double band = low_pass(to, distance) - low_pass(from, distance);
    taps[static_cast<size_t>(n + half)] = static_cast<float>((n == 0 ? 1.0 : 0.0) - window * band);
  }
  return taps;
}

}  // namespace

double mel_from_hz(double hz) { return 2595.0 * std::log10(1.0 + hz / 700.0); }
double hz_from_mel(double mel) { return 700.0 * (std::pow(10.0, mel / 2595.0) - 1.0); }

std::vector<float> reject_band(std::span<const float> samples, int64_t sample_rate_hz, double from_hz,
                               double to_hz) {
  W2V_CHECK(sample_rate_hz > 0, "reject_band without a rate");
  const auto rate = static_cast<double>(sample_rate_hz);
  const double from = std::clamp(from_hz / rate, 0.0, 0.5);
  const double to = std::clamp(to_hz / rate, from, 0.5);
  const std::vector<float> taps = band_stop_taps(from, to, kTransitionHz / rate);
  return convolve(samples, taps, static_cast<int64_t>(taps.size() / 2));
}

}  // namespace wav2vec
