#pragma once
// Decodes the planned batches ahead of the compute, in order, on its own threads.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "wav2vec/config/augment_config.h"
#include "wav2vec/config/data_config.h"
#include "wav2vec/data/batch_sampler.h"
#include "wav2vec/data/manifest.h"

namespace wav2vec {

struct AudioBatch {
  std::vector<float> samples;  ///< [batch, max_samples] row-major, zeros behind each item's length
  /// What the context network hears instead, laid out like `samples`; empty where it hears the same.
  std::vector<float> augmented;
  int64_t max_samples = 0;
  std::vector<int64_t> lengths;       ///< samples of each item, [batch]
  std::vector<int64_t> utterances;    ///< index into the manifest, [batch]
  std::vector<std::string> failures;  ///< messages of files that could not be used, each file once
  int64_t epoch = 0;
  int64_t batch_in_epoch = 0;

  int64_t size() const { return static_cast<int64_t>(lengths.size()); }
  bool empty() const { return lengths.empty(); }
  int64_t total_samples() const;  ///< sum of the lengths
};

/// A place in the endless sequence of batches, epoch after epoch, that all ranks share.
struct LoaderPosition {
  int64_t epoch = 0;
  int64_t batch = 0;

  bool operator==(const LoaderPosition&) const = default;
};

/// Whose batches are whose: of every `batches`, also across the end of an epoch, this process gets numbers
/// first … first + count − 1.
struct LoaderTurn {
  int64_t batches = 1;
  int64_t first = 0;
  int64_t count = 1;
};

struct LoaderOptions {
  LoaderPosition start = {};  ///< as position() told it; the batches from there are the same to the bit
  LoaderTurn turn = {};
  /// A batch of which nothing can be read is delivered empty, not passed over: every turn has its batches.
  bool keep_empty = false;
  bool single_pass = false;  ///< only the epoch of `start`, then empty batches (validation)
  CropPlace crop = CropPlace::random;
  AugmentConfig augment = {};  ///< applied after decoding (and behind the cache); validation has none
  Manifest noise = {};         ///< read from AugmentConfig::noise
};

/// The content of every batch depends only on (manifest, config, augmentation, seed, epoch, batch), not on
/// threads, timing or what is in the cache folder. Lengths that the manifest does not know are probed in the
/// constructor. An utterance that cannot be decoded or is shorter than min_samples after all is left out of
/// its batch; a batch without any is passed over, but for keep_empty.
class BatchLoader {
 public:
  /// Throws DataError when no utterance is long enough, or no noise can be read.
  BatchLoader(const Manifest& manifest, const DataConfig& config, uint64_t seed,
              const LoaderOptions& options = {});
  ~BatchLoader();  ///< stops and joins the threads
  BatchLoader(const BatchLoader&) = delete;
  BatchLoader& operator=(const BatchLoader&) = delete;

  /// The next batch; waits for it. Empty only behind the end of a single pass, and where keep_empty says so.
  /// Throws DataError when as many batches as an epoch has failed in a row. One caller at a time.
  AudioBatch next();

  /// Where the next turn begins, the same for all who share it, when each has taken its batches of the last
  /// one: LoaderOptions::start of a loader that continues.
  LoaderPosition position() const;
  int64_t batches_in_epoch(int64_t epoch) const;  ///< planned, of all ranks
  int64_t left_out() const;                       ///< utterances shorter than min_samples
  int64_t failed_utterances() const;              ///< different utterances that failed so far
  double seconds_waited() const;                  ///< time that next() spent waiting, in total

 private:
  class Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace wav2vec
