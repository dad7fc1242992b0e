#pragma once
// A band of frequencies taken out.

#include <cstdint>
#include <span>
#include <vector>

namespace wav2vec {

/// O'Shaughnessy's scale: 2595·log10(1 + hz / 700).
double mel_from_hz(double hz);
double hz_from_mel(double mel);

/// The waveform without [from_hz, to_hz]: a linear-phase FIR filter (Kaiser window) without delay. Half the
/// amplitude is left at the edges, −60 dB from 50 Hz inside them and all but a thousandth 50 Hz outside; so a
/// band of less than 100 Hz becomes a shallower notch. Same length.
std::vector<float> reject_band(std::span<const float> samples, int64_t sample_rate_hz, double from_hz,
                               double to_hz);

}  // namespace wav2vec
