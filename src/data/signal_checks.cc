#include "data/signal_checks.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string_view>
#include <vector>

#include "wav2vec/audio/real_fft.h"
#include "wav2vec/core/hash.h"

namespace wav2vec {
namespace {

constexpr size_t kWindow = 512;
constexpr double kHighestHz = 5100.0;

std::vector<float> hann_window() {
  std::vector<float> window(kWindow);
  for (size_t i = 0; i < kWindow; ++i)
    window[i] =
        static_cast<float>(0.5 - 0.5 * std::cos(2.0 * std::numbers::pi * static_cast<double>(i) / kWindow));
  return window;
}

double band_power(std::span<const double> spectrum, double from_hz, double to_hz, double rate_hz) {
  const auto bin = [&](double hz) { return static_cast<size_t>(hz / rate_hz * kWindow); };
  double sum = 0.0;
  for (size_t k = bin(from_hz) + 1; k <= std::min(bin(to_hz), spectrum.size() - 1); ++k) sum += spectrum[k];
  return sum;
}

}  // namespace

float peak_magnitude(std::span<const float> samples) {
  float peak = 0.0F;
  for (float x : samples) peak = std::max(peak, std::fabs(x));
  return peak;
}

double mean_value(std::span<const float> samples) {
  double sum = 0.0;
  for (float x : samples) sum += x;
  return samples.empty() ? 0.0 : sum / static_cast<double>(samples.size());
}

double root_mean_square(std::span<const float> samples) {
  double sum = 0.0;
  for (float x : samples) sum += static_cast<double>(x) * x;
  return samples.empty() ? 0.0 : std::sqrt(sum / static_cast<double>(samples.size()));
}

double clipped_share(std::span<const float> samples) {
  constexpr float kNearFullScale = 0.99F;
  constexpr int64_t kShortestRun = 3;
  int64_t clipped = 0;
  int64_t run = 0;
  float previous = 0.0F;
  for (float x : samples) {
    const bool full = std::fabs(x) >= kNearFullScale;
    run = !full ? 0 : (x > 0) == (previous > 0) && run > 0 ? run + 1 : 1;
    if (run == kShortestRun) clipped += kShortestRun;
    if (run > kShortestRun) ++clipped;
    previous = x;
  }
  return samples.empty() ? 0.0 : static_cast<double>(clipped) / static_cast<double>(samples.size());
}

uint64_t content_hash(std::span<const float> samples) {
  return fnv1a64({reinterpret_cast<const char*>(samples.data()), samples.size_bytes()});
}

BandMeter::BandMeter(int64_t sample_rate_hz) : window_(hann_window()), sample_rate_hz_(sample_rate_hz) {}

double BandMeter::edge_db(std::span<const float> samples) const {
  const auto rate = static_cast<double>(sample_rate_hz_);
  if (rate < 2.0 * kHighestHz || samples.size() < kWindow) return 0.0;
  RealFft fft(kWindow);
  const std::span<double> in = fft.input();
  std::vector<double> power(fft.bins());
  std::vector<double> spectrum(fft.bins());
  for (size_t start = 0; start + kWindow <= samples.size(); start += kWindow / 2) {
    for (size_t i = 0; i < kWindow; ++i) in[i] = static_cast<double>(samples[start + i]) * window_[i];
    fft.power_spectrum(power);
    for (size_t k = 0; k < power.size(); ++k) spectrum[k] += power[k];
  }
  const double below = band_power(spectrum, 2600.0, 3400.0, rate);
  const double above = band_power(spectrum, 4300.0, 5100.0, rate);
  if (below <= 0.0) return 0.0;
  return 10.0 * std::log10(std::max(above / below, 1e-20));
}

}  // namespace wav2vec
