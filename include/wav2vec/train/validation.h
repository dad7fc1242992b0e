#pragma once
// How the network does on audio that it is not trained on.

#include <cstdint>
#include <string>
#include <vector>

#include "wav2vec/config/data_config.h"
#include "wav2vec/data/manifest.h"
#include "wav2vec/model/pretraining_network.h"
#include "wav2vec/train/feature_statistics.h"

namespace wav2vec {

struct ValidationResult {
  ObjectiveSums sums;
  FeatureStatistics z;  ///< of the first batch
  FeatureStatistics c;
  double audio_seconds = 0.0;
  std::vector<std::string> failures;  ///< messages of files that could not be used, each once
};

/// One pass over the manifest, or its first `max_batches` batches (0 = all), with centred crops, without
/// dropout, and with negatives that depend on the utterance only: two validations of one network give the
/// same numbers.
ValidationResult validate_network(const PretrainingNetwork& network, const Pass& pass,
                                  const Manifest& manifest, const DataConfig& data, int64_t max_batches);

}  // namespace wav2vec
