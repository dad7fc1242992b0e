#pragma once
// Triangular filters, evenly spaced on the mel scale (Kaldi's mel-computations.cc).

#include <cstdint>
#include <span>
#include <vector>

#include "wav2vec/config/fbank_config.h"

namespace wav2vec {

/// 1127 ln(1 + hz / 700).
double mel_scale(double hz);

/// One filter: weights over neighbouring bins of the spectrum.
struct MelFilter {
  size_t first_bin = 0;
  std::vector<double> weights;

  double apply(std::span<const double> spectrum) const;
};

/// The filters for a transform of `fft_samples` samples; a filter narrower than a bin may be empty.
std::vector<MelFilter> make_mel_bank(const MelConfig& config, int64_t fft_samples, int64_t sample_rate_hz);

}  // namespace wav2vec
