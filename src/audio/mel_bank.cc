#include "wav2vec/audio/mel_bank.h"

#include <algorithm>
#include <cmath>

namespace wav2vec {
namespace {

MelFilter triangle(double left_mel, double center_mel, double right_mel, int64_t bins, double bin_hz) {
  MelFilter filter;
  for (int64_t k = 0; k < bins; ++k) {
    const double mel = mel_scale(bin_hz * static_cast<double>(k));
    const double weight =
        std::min((mel - left_mel) / (center_mel - left_mel), (right_mel - mel) / (right_mel - center_mel));
    if (weight <= 0.0) continue;
    if (filter.weights.empty()) filter.first_bin = static_cast<size_t>(k);
    filter.weights.push_back(weight);
  }
  return filter;
}

}  // namespace

double mel_scale(double hz) { return 1127.0 * std::log(1.0 + hz / 700.0); }

double MelFilter::apply(std::span<const double> spectrum) const {
  double sum = 0.0;
  for (size_t i = 0; i < weights.size(); ++i) sum += weights[i] * spectrum[first_bin + i];
  return sum;
}

std::vector<MelFilter> make_mel_bank(const MelConfig& config, int64_t fft_samples, int64_t sample_rate_hz) {
  const auto rate = static_cast<double>(sample_rate_hz);
  const double high_hz = config.high_freq > 0.0 ? config.high_freq : config.high_freq + rate / 2.0;
  const double low_mel = mel_scale(config.low_freq);
  const double step = (mel_scale(high_hz) - low_mel) / static_cast<double>(config.num_mel_bins + 1);
  std::vector<MelFilter> bank;
  for (int64_t i = 0; i < config.num_mel_bins; ++i) {
    const double left = low_mel + static_cast<double>(i) * step;
    // Kaldi leaves the bin at half the sample rate out.
    bank.push_back(triangle(left, left + step, left + 2.0 * step, fft_samples / 2,
                            rate / static_cast<double>(fft_samples)));
  }
  return bank;
}

}  // namespace wav2vec
