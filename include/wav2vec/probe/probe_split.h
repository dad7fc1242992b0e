#pragma once
// Which utterances a probe trains on, chooses by and tests on.

#include <cstdint>
#include <span>
#include <vector>

#include "wav2vec/config/probe_recipe.h"
#include "wav2vec/data/manifest.h"

namespace wav2vec {

/// Indices into `utterances`.
struct ProbeSplit {
  std::vector<Utterance> utterances;
  std::vector<int64_t> train;
  std::vector<int64_t> dev;
  std::vector<int64_t> test;
  bool by_speaker = true;  ///< false: speakers are not known, files are held out
};

/// By speaker (data/split.h), the task `speaker` by utterance within each speaker; one without a text or
/// speaker is a speaker by itself. Throws DataError when speakers of `test` manifests are in train too, or a
/// part is empty.
ProbeSplit split_probe_data(const ProbeRecipe& recipe);

/// Some of `train`, together at least `minutes` long (0 = all), in a random order of the seed; fewer minutes
/// are a part of more. Throws DataError when there is less.
std::vector<int64_t> choose_minutes(const ProbeSplit& split, std::span<const int64_t> train, double minutes,
                                    uint64_t seed);

/// Seconds of these utterances; those of unknown length count as 0.
double total_seconds(const ProbeSplit& split, std::span<const int64_t> utterances);

}  // namespace wav2vec
