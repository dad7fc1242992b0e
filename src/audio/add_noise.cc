#include "wav2vec/audio/add_noise.h"

#include <algorithm>
#include <cmath>

namespace wav2vec {
namespace {

/// Power of the first `count` samples of the noise repeated without end.
double repeated_power(std::span<const float> noise, size_t count) {
  const auto whole = static_cast<double>(count / noise.size());
  const std::span<const float> rest = noise.first(count % noise.size());
  const double sum = whole * mean_power(noise) * static_cast<double>(noise.size()) +
                     mean_power(rest) * static_cast<double>(rest.size());
  return sum / static_cast<double>(count);
}

}  // namespace

double mean_power(std::span<const float> samples) {
  double sum = 0.0;
  for (float x : samples) sum += static_cast<double>(x) * x;
  return samples.empty() ? 0.0 : sum / static_cast<double>(samples.size());
}

void add_noise(std::span<float> samples, std::span<const float> noise, double snr_db) {
  if (samples.empty() || noise.empty()) return;
  const double signal_power = mean_power(samples);
  const double noise_power = repeated_power(noise, samples.size());
  if (signal_power == 0.0 || noise_power == 0.0) return;
  const auto scale =
      static_cast<float>(std::sqrt(signal_power / noise_power * std::pow(10.0, -snr_db / 10.0)));
  for (size_t begin = 0; begin < samples.size(); begin += noise.size()) {
    const size_t count = std::min(noise.size(), samples.size() - begin);
    for (size_t i = 0; i < count; ++i) samples[begin + i] += scale * noise[i];
  }
}

}  // namespace wav2vec
