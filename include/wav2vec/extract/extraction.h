#pragma once
// Features of many utterances: decoding goes ahead of the computation, writing follows behind it.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "wav2vec/audio/audio_reader.h"
#include "wav2vec/data/manifest.h"
#include "wav2vec/extract/feature_source.h"

namespace wav2vec {

struct ExtractionOptions {
  AudioOptions audio;
  std::filesystem::path scratch_folder;  ///< empty: default_scratch_folder()
  int64_t decode_ahead = 2;              ///< utterances decoded at the same time as others are computed
};

struct ExtractionResult {
  int64_t utterances = 0;  ///< done
  double audio_seconds = 0.0;
  std::vector<std::string> damaged;   ///< one message for each whose audio is cut off: what is there was done
  std::vector<std::string> failures;  ///< one message for each of the others
};

/// Takes the features of an utterance, which are valid during the call. Throws DataError for what is wrong
/// with this utterance alone.
using ConsumeFeatures =
    std::function<void(const Utterance& utterance, size_t which, const FeatureRows& rows)>;

/// Told after every utterance, failed ones included; false stops.
using ExtractionProgress = std::function<bool(int64_t done, double audio_seconds)>;

/// Every utterance in order. What cannot be decoded, or is too short, is left out and told in the result;
/// everything else that is thrown ends the extraction.
ExtractionResult extract_utterances(std::span<const Utterance> utterances, const FeatureSource& source,
                                    const ExtractionOptions& options, const ConsumeFeatures& consume,
                                    const ExtractionProgress& progress);

}  // namespace wav2vec
