#pragma once
// Waveform normalisation as fairseq's `normalize` does it (layer_norm over the utterance).

#include <span>

namespace wav2vec {

/// x <- (x - mean) / sqrt(variance + 1e-5) in place; biased variance, sums in double.
void normalize_waveform(std::span<float> samples);

}  // namespace wav2vec
