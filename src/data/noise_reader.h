#pragma once
// Random parts of recordings, as additive noise.

#include <cstdint>
#include <span>
#include <vector>

#include "data/audio_cache.h"
#include "wav2vec/config/data_config.h"
#include "wav2vec/core/rng.h"
#include "wav2vec/data/manifest.h"

namespace wav2vec {

/// Recordings to draw from.
struct NoiseCorpus {
  const Manifest& manifest;
  std::span<const int64_t> lengths;  ///< of the utterances, in samples at config.sample_rate; 0 = unreadable
  const DataConfig& config;
  AudioCache* cache = nullptr;  ///< may be null
  int64_t left_out = -1;        ///< index of an utterance that is not drawn; -1 = every one may be
};

/// A random part of about `samples` of a random utterance, all of it where it is shorter. Empty where the
/// corpus has none or the utterance cannot be read (said once).
std::vector<float> read_random_part(const NoiseCorpus& corpus, int64_t samples, const RandomStream& random);

/// The sum of `talkers` such parts, repeated up to `samples` and brought to equal power. Empty without any.
std::vector<float> read_babble(const NoiseCorpus& corpus, int64_t samples, int64_t talkers,
                               const RandomStream& random);

}  // namespace wav2vec
