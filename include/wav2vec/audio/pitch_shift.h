#pragma once
// Another pitch at the same length: the waveform is stretched in time without changing its pitch, then
// resampled back to as many samples as it had.

#include <cstdint>
#include <span>
#include <vector>

namespace wav2vec {

/// The waveform at about `stretched_samples` / samples.size() of its speed, exactly `stretched_samples` long
/// and with the pitch kept: WSOLA (Verhelst and Roelands 1993), Hann windows of 30 ms that overlap by half,
/// each taken from within 8 ms of its place where it continues the one before it best.
std::vector<float> stretch_time(std::span<const float> samples, int64_t sample_rate_hz,
                                int64_t stretched_samples);

/// All frequencies times 2^(cents / 1200); same length, formants move along. What leaves the band is lost.
std::vector<float> shift_pitch(std::span<const float> samples, int64_t sample_rate_hz, double cents);

}  // namespace wav2vec
