#pragma once
// Convolution of long waveforms with long filters.

#include <cstdint>
#include <span>
#include <vector>

namespace wav2vec {

/// out[i] = Σ_k filter[k] · samples[i + delay − k], as long as `samples`, which has zeros around it; `delay`
/// in [0, filter taps). Overlap-add of Fourier transforms. The same bits on any thread.
std::vector<float> convolve(std::span<const float> samples, std::span<const float> filter, int64_t delay);

}  // namespace wav2vec
