#pragma once
// One planned batch to samples.

#include <cstdint>
#include <string>
#include <vector>

#include "data/audio_cache.h"
#include "wav2vec/data/batch_loader.h"

namespace wav2vec {

struct DecodedItem {
  int64_t utterance = 0;
  std::vector<float> samples;  ///< empty: failed
  std::string failure;
};

/// The crop, shortened or moved where the file is shorter than the manifest says. `cache` may be null.
DecodedItem decode_item(const Manifest& manifest, const DataConfig& config, const BatchItem& item,
                        AudioCache* cache);

/// Side by side, zeros behind the ends; failed items are left out. `failures` is the caller's.
AudioBatch collate(const std::vector<DecodedItem>& items);

}  // namespace wav2vec
