#pragma once
// Where the audio comes from and how it becomes batches: section [data] of a recipe.

#include <cstdint>
#include <string>
#include <vector>

#include "wav2vec/config/fields.h"

namespace wav2vec {

/// voice: where speech is in films. The centre of three or of five and more channels, unless it is silent;
/// else the mean, and where channels cancel each other the loudest one.
enum class ChannelPolicy { mean, left, right, voice };
inline constexpr std::string_view kChannelPolicyNames[] = {"mean", "left", "right", "voice"};

/// Sample rates that are accepted, of files and of models.
inline constexpr int64_t kMinSampleRateHz = 1000;
inline constexpr int64_t kMaxSampleRateHz = 768000;

struct DataConfig {
  std::vector<std::string> train;
  std::vector<std::string> valid;
  double valid_fraction = 0.02;
  int64_t sample_rate = 16000;
  bool strict_rate = false;
  ChannelPolicy channels = ChannelPolicy::mean;
  bool normalize = false;
  int64_t min_samples = 8000;
  int64_t crop_samples = 150000;
  int64_t batch_samples = 1500000;
  int64_t buckets = 8;
  int64_t prefetch_batches = 8;
  int64_t loader_threads = 1;
  std::string cache;
  double cache_gib = 64.0;

  void visit(FieldVisitor& v);
  void validate() const;
};

}  // namespace wav2vec
