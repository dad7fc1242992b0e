#include "wav2vec/audio/reverb.h"

#include <algorithm>
#include <cmath>

#include "audio/fft_convolution.h"
#include "wav2vec/core/error.h"

namespace wav2vec {

std::vector<float> room_response(const Room& room, int64_t sample_rate_hz, const RandomStream& random) {
  W2V_CHECK(room.rt60_seconds > 0.0 && sample_rate_hz > 0, "a room without time");
  const double rt60_samples = room.rt60_seconds * static_cast<double>(sample_rate_hz);
  std::vector<float> response(static_cast<size_t>(std::max<int64_t>(2, std::llround(rt60_samples))));
  const double decay = std::pow(10.0, -3.0 / rt60_samples);  // of the amplitude, per sample
  double envelope = 1.0;
  double energy = 0.0;
  for (size_t i = 1; i < response.size(); ++i) {
    envelope *= decay;
    response[i] = static_cast<float>(envelope * (2.0 * random.uniform(i) - 1.0));
    energy += static_cast<double>(response[i]) * response[i];
  }
  const double reverberation = std::pow(10.0, -room.direct_db / 10.0);  // where the direct sound has 1
  const double whole = std::sqrt(1.0 + reverberation);
  response[0] = static_cast<float>(1.0 / whole);
  const auto scale = static_cast<float>(std::sqrt(reverberation / energy) / whole);
  for (size_t i = 1; i < response.size(); ++i) response[i] *= scale;
  return response;
}

std::vector<float> reverberate(std::span<const float> samples, std::span<const float> response) {
  return convolve(samples, response, 0);
}

}  // namespace wav2vec
