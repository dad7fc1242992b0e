#pragma once
// How well one signal fits another, at every shift.

#include <cstdint>
#include <span>
#include <vector>

namespace wav2vec {

/// out[k] = Σ_i a[i + first_lag + k] · b[i] for lags first_lag to last_lag; there is nothing around a and b.
/// By Fourier transforms in single precision. The same bits on any thread.
std::vector<float> cross_correlation(std::span<const float> a, std::span<const float> b, int64_t first_lag,
                                     int64_t last_lag);

}  // namespace wav2vec
