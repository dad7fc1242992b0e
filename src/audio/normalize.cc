#include "wav2vec/audio/normalize.h"

#include <cmath>

namespace wav2vec {

void normalize_waveform(std::span<float> samples) {
  if (samples.empty()) return;
  const auto count = static_cast<double>(samples.size());
  double sum = 0.0;
  for (float x : samples) sum += x;
  const double mean = sum / count;
  double squares = 0.0;
  for (float x : samples) squares += (x - mean) * (x - mean);
  const double scale = 1.0 / std::sqrt(squares / count + 1e-5);
  for (float& x : samples) x = static_cast<float>((x - mean) * scale);
}

}  // namespace wav2vec
