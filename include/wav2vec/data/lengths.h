#pragma once
// How long utterances are, from headers where they tell and by decoding where they do not.

#include <cstdint>
#include <string>
#include <vector>

#include "wav2vec/audio/audio_reader.h"
#include "wav2vec/data/manifest.h"

namespace wav2vec {

/// Samples of the utterance at options.sample_rate_hz. Throws AudioError; a part that begins behind the end
/// of its file is `empty`.
int64_t measure_samples(const Utterance& utterance, const AudioOptions& options);

struct FailedInput {
  int64_t index = 0;  ///< of the utterance or path
  std::string message;
};

/// Measures the utterances whose `samples` are unknown, on `jobs` threads, at kManifestRateHz. Those that
/// cannot be read keep -1 and are returned in order.
std::vector<FailedInput> fill_lengths(Manifest& manifest, const AudioOptions& options, int64_t jobs);

}  // namespace wav2vec
