#pragma once
// One planned batch to samples.

#include <cstdint>
#include <string>
#include <vector>

#include "data/audio_cache.h"
#include "wav2vec/data/augmentation.h"
#include "wav2vec/data/batch_loader.h"

namespace wav2vec {

struct DecodedItem {
  int64_t utterance = 0;
  std::vector<float> samples;    ///< empty: failed
  std::vector<float> augmented;  ///< empty, or as many: AudioBatch::augmented
  std::string failure;
};

/// A part of an utterance; `cache` may be null. Throws AudioError.
std::vector<float> read_part(const Utterance& utterance, const DataConfig& config, AudioCache* cache,
                             double offset_seconds, double duration_seconds);

/// The crop, shortened or moved where the file is shorter than the manifest says. `cache` may be null.
DecodedItem decode_item(const Manifest& manifest, const DataConfig& config, const BatchItem& item,
                        AudioCache* cache);

/// Puts the augmented waveform where `config` wants it. A failed item stays as it is.
void augment_item(const AugmentConfig& config, const DataConfig& data, const AugmentationKey& key,
                  const NoiseSource& noise, DecodedItem& item);

/// Side by side, zeros behind the ends; failed items are left out. `failures` is the caller's.
AudioBatch collate(const std::vector<DecodedItem>& items);

}  // namespace wav2vec
