#include "wav2vec/audio/cross_correlation.h"

#include <algorithm>

#include "audio/fft_convolution.h"
#include "wav2vec/core/error.h"

namespace wav2vec {

std::vector<float> cross_correlation(std::span<const float> a, std::span<const float> b, int64_t first_lag,
                                     int64_t last_lag) {
  W2V_CHECK(first_lag <= last_lag, "cross_correlation of no lags");
  std::vector<float> out(static_cast<size_t>(last_lag - first_lag + 1), 0.0F);
  if (a.empty() || b.empty()) return out;
  // A correlation is the convolution with b turned around: full[n] belongs to lag n − (|b| − 1).
  const std::vector<float> turned(b.rbegin(), b.rend());
  std::vector<float> padded(a.begin(), a.end());
  padded.resize(a.size() + b.size() - 1, 0.0F);
  const std::vector<float> full = convolve(padded, turned, 0);
  const int64_t last = std::ssize(b) - 1;
  for (int64_t lag = std::max(first_lag, -last); lag <= std::min(last_lag, std::ssize(a) - 1); ++lag)
    out[static_cast<size_t>(lag - first_lag)] = full[static_cast<size_t>(lag + last)];
  return out;
}

}  // namespace wav2vec
