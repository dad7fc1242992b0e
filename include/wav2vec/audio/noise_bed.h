#pragma once
// What lies below speech: steady noise or something like music, made from random numbers alone.

#include <cstdint>
#include <span>
#include <vector>

namespace wav2vec {

/// Power falls by 3 dB an octave.
std::vector<float> pink_noise(int64_t samples, uint64_t seed);

/// Chords of decaying tones with overtones, a bass and a beat, at 80 to 140 beats a minute.
std::vector<float> music(int64_t samples, int64_t sample_rate_hz, uint64_t seed);

/// In place: 300 to 3400 Hz, second-order flanks.
void telephone_band(std::span<float> samples, int64_t sample_rate_hz);

}  // namespace wav2vec
