#pragma once
// Reverberation by a synthetic room: direct sound and exponentially decaying noise (Polack's model).

#include <cstdint>
#include <span>
#include <vector>

#include "wav2vec/core/rng.h"

namespace wav2vec {

struct Room {
  double rt60_seconds = 0.3;  ///< time in which the reverberation falls by 60 dB
  double direct_db = 6.0;     ///< energy of the direct sound over that of the reverberation
};

/// Impulse response of rt60_seconds with unit energy: the direct sound at sample 0, behind it noise of which
/// every `random` gives another.
std::vector<float> room_response(const Room& room, int64_t sample_rate_hz, const RandomStream& random);

/// The waveform convolved with the response; same length, so what would sound on behind its end is cut off.
std::vector<float> reverberate(std::span<const float> samples, std::span<const float> response);

}  // namespace wav2vec
