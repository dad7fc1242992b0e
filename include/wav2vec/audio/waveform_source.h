#pragma once
// A waveform that is read in pieces, so that hours of it need no memory.

#include <cstdint>
#include <functional>
#include <span>

namespace wav2vec {

/// Mono samples at the model's rate. Pieces may be read in any order and more than once.
struct WaveformSource {
  int64_t samples = 0;
  /// Copies the samples [first, first + count) to `out`.
  std::function<void(int64_t first, int64_t count, float* out)> read;
};

/// `samples` must outlive what is returned.
WaveformSource waveform_in_memory(std::span<const float> samples);

/// The part [first, first + samples) of a waveform; sample 0 of it is sample `first`.
WaveformSource waveform_part(WaveformSource waveform, int64_t first, int64_t samples);

/// As normalize_waveform() makes it (normalize.h): the waveform is read twice for its mean and variance,
/// here, and once more by whoever reads.
WaveformSource normalized(WaveformSource waveform);

}  // namespace wav2vec
