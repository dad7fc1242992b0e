#pragma once
// Sample-rate conversion (soxr, linear phase, no delay).

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace wav2vec {

/// Samples after conversion: ceil(samples * to_hz / from_hz).
int64_t resampled_length(int64_t samples, int64_t from_hz, int64_t to_hz);

/// The waveform at `to_hz`, exactly resampled_length() long; output sample i is at the time i / to_hz of the
/// input. Equal rates return a copy. Rates must be positive.
std::vector<float> resample(std::span<const float> samples, int64_t from_hz, int64_t to_hz);

/// Library, version and quality, for logs and run records: "soxr 0.1.3 HQ".
std::string resampler_description();

}  // namespace wav2vec
