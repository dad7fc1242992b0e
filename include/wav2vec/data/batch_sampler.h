#pragma once
// Which utterances form which batch: a pure function of the lengths, the seed and the epoch.

#include <cstdint>
#include <span>
#include <vector>

#include "wav2vec/config/data_config.h"

namespace wav2vec {

enum class CropPlace {
  random,  ///< another place every epoch
  centre,  ///< for validation
};

struct BatchItem {
  int64_t utterance = 0;  ///< index into the lengths
  int64_t crop_start_samples = 0;
  int64_t crop_samples = 0;  ///< min(length, DataConfig::crop_samples)

  bool operator==(const BatchItem&) const = default;
};

struct EpochPlan {
  std::vector<std::vector<BatchItem>> batches;
  int64_t left_out = 0;  ///< utterances shorter than min_samples
};

/// `lengths` in samples at DataConfig::sample_rate. Every utterance of at least min_samples comes exactly
/// once. Utterances are ranked by their cropped length and divided into `buckets` equal classes; within a
/// class the order is random, so that batches hold similar lengths but other company every epoch. A batch is
/// filled while items * longest <= batch_samples; the batches are shuffled. Items keep their own lengths:
/// nothing is cropped to the shortest. Depends on nothing but the arguments.
EpochPlan plan_epoch(std::span<const int64_t> lengths, const DataConfig& config, uint64_t seed, int64_t epoch,
                     CropPlace place = CropPlace::random);

}  // namespace wav2vec
