#pragma once
// What turns a waveform into features: a wav2vec model, filter banks or MFCC, behind one function.

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "wav2vec/config/fbank_config.h"
#include "wav2vec/extract/feature_extractor.h"
#include "wav2vec/extract/windowed.h"
#include "wav2vec/io/feature_writer.h"

namespace wav2vec {

struct FeatureSource {
  int64_t sample_rate_hz = 16000;
  std::vector<FeatureContract> contracts;  ///< of every matrix that an utterance gives
  /// Delivers each of them, with its index in `contracts`. Throws DataError (without a file name) for an
  /// utterance that has no frame.
  std::function<void(const WaveformSource& waveform, const DeliverFeatures& deliver)> extract;
};

/// Layers of a model; `window`: the approximation of windowed.h. The extractor must outlive the source.
FeatureSource model_features(FeatureExtractor& extractor, std::span<const LayerId> layers,
                             const std::optional<WindowOptions>& window);

/// Kaldi's filter banks and MFCC. Throws ConfigError.
FeatureSource fbank_features(const FbankConfig& config, int64_t sample_rate_hz);
FeatureSource mfcc_features(const MfccConfig& config, int64_t sample_rate_hz);

}  // namespace wav2vec
