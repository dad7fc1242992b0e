#pragma once
// The chain of effects of section [augment] on one utterance.

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "wav2vec/config/augment_config.h"
#include "wav2vec/core/rng.h"

namespace wav2vec {

/// What an augmentation depends on besides samples and recipe: neither thread, rank nor batch mates.
struct AugmentationKey {
  uint64_t seed = 0;
  int64_t epoch = 0;
  int64_t utterance = 0;
};

/// At most so many samples of noise, chosen by `random`; fewer are repeated, none leave the utterance as it
/// is.
using NoiseSource = std::function<std::vector<float>(int64_t samples, const RandomStream& random)>;

/// The waveform with pitch shift, reverberation, noise, band reject and gain, each with its probability and
/// drawn by itself: that one is switched off does not change the others. Same length; not clipped. `noise` is
/// asked only where noise is drawn.
std::vector<float> augment_waveform(std::span<const float> samples, int64_t sample_rate_hz,
                                    const AugmentConfig& config, const AugmentationKey& key,
                                    const NoiseSource& noise);

}  // namespace wav2vec
