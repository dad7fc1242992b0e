#include "wav2vec/config/data_config.h"

#include <fmt/format.h>

namespace wav2vec {

void DataConfig::visit(FieldVisitor& v) {
  v.field("train", train, "manifests to train on (fairseq TSV, JSONL, path/seconds TSV or Kaldi folder)");
  v.field("valid", valid, "manifests to validate on; empty = hold out valid_fraction of train");
  v.field("valid_fraction", valid_fraction, "share of train held out, by speaker where speakers are known");
  v.field("sample_rate", sample_rate, "Hz; audio of other rates is resampled");
  v.field("strict_rate", strict_rate, "refuse audio of another rate instead of resampling it");
  v.choice("channels", channels, kChannelPolicyNames, "which channel of several becomes the mono signal");
  v.field("normalize", normalize, "zero mean and unit variance per utterance (off in wav2vec 1.0)");
  v.field("min_samples", min_samples, "shorter utterances are left out");
  v.field("crop_samples", crop_samples, "longer utterances are cropped to this at a random place");
  v.field("batch_samples", batch_samples, "samples in one batch at most");
  v.field("buckets", buckets, "utterances of similar length share a batch: number of length classes");
  v.field("prefetch_batches", prefetch_batches, "batches decoded ahead of the compute");
  v.field("loader_threads", loader_threads, "threads that decode audio");
  v.field("cache", cache, "folder that keeps decoded audio, 16 bits per sample; empty = no cache");
  v.field("cache_gib", cache_gib, "GiB in the cache at most; what was unused for longest goes first");
}

void DataConfig::validate() const {
  if (!(valid_fraction >= 0.0 && valid_fraction < 1.0))
    fail_field("data", "valid_fraction", fmt::format("{} is not within [0, 1)", valid_fraction));
  if (sample_rate < kMinSampleRateHz || sample_rate > kMaxSampleRateHz)
    fail_field("data", "sample_rate",
               fmt::format("{} Hz is not within {}..{}", sample_rate, kMinSampleRateHz, kMaxSampleRateHz));
  if (min_samples < 1) fail_field("data", "min_samples", fmt::format("{} is below 1", min_samples));
  if (crop_samples < min_samples)
    fail_field("data", "crop_samples",
               fmt::format("{} is below min_samples ({})", crop_samples, min_samples));
  if (batch_samples < crop_samples)
    fail_field("data", "batch_samples",
               fmt::format("{} is below crop_samples ({})", batch_samples, crop_samples));
  if (batch_samples > (int64_t{1} << 31))
    fail_field("data", "batch_samples", fmt::format("{} is above 2^31", batch_samples));
  if (buckets < 1 || buckets > 1000)
    fail_field("data", "buckets", fmt::format("{} is not within 1..1000", buckets));
  if (prefetch_batches < 1 || prefetch_batches > 1000)
    fail_field("data", "prefetch_batches", fmt::format("{} is not within 1..1000", prefetch_batches));
  if (loader_threads < 1 || loader_threads > 256)
    fail_field("data", "loader_threads", fmt::format("{} is not within 1..256", loader_threads));
  if (!(cache_gib > 0.0 && cache_gib <= 1e6))
    fail_field("data", "cache_gib", fmt::format("{} is not within (0, 1e6]", cache_gib));
}

}  // namespace wav2vec
