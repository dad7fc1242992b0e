#pragma once
// Utterances one after the other with pauses and noise: what a head will meet in recordings of many lines.

#include <cstdint>
#include <span>
#include <vector>

#include "wav2vec/config/join_config.h"
#include "wav2vec/core/frame_times.h"
#include "wav2vec/data/batch_loader.h"
#include "wav2vec/head/spoken_text.h"

namespace wav2vec {

/// Noise and music to take parts of; making music takes longer than training on it.
struct NoisePool {
  std::vector<std::vector<float>> beds;
};
/// Pink noise and music, of a minute each.
NoisePool make_noise_pool(int64_t sample_rate_hz, uint64_t seed);

struct JoinedBatch {
  AudioBatch audio;               ///< its utterances are the first of each item
  std::vector<SpokenText> texts;  ///< of each item; times and frames count from its start
};

struct JoinGeometry {
  int64_t sample_rate_hz = 16000;
  int64_t hop_samples = 160;
};

/// `batch` as the loader gives it, augmented or not; `texts`: of the whole manifest. What is drawn follows
/// from seed, epoch and batch alone. Utterances begin at multiples of the hop.
JoinedBatch join_utterances(AudioBatch batch, std::span<const SpokenText> texts, const JoinConfig& config,
                            const JoinGeometry& geometry, const NoisePool& pool, uint64_t seed);

}  // namespace wav2vec
