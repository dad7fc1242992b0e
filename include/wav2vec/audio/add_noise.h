#pragma once
// Additive noise at a given signal-to-noise ratio.

#include <span>

namespace wav2vec {

/// Mean of the squares; 0 for no samples.
double mean_power(std::span<const float> samples);

/// samples += noise, repeated where it is shorter, scaled so that the power of `samples` over that of the
/// noise added is `snr_db`. Nothing is added where either is silent.
void add_noise(std::span<float> samples, std::span<const float> noise, double snr_db);

}  // namespace wav2vec
