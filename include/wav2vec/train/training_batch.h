#pragma once
// From the loader's batch to the model's input.

#include <vector>

#include "wav2vec/core/rng.h"
#include "wav2vec/core/tensor.h"
#include "wav2vec/data/batch_loader.h"

namespace wav2vec {

/// [batch, samples, 1]; shares the batch's memory.
inline Activations waveform_of(AudioBatch& batch) {
  return {batch.samples.data(), batch.size(), batch.max_samples, 1, batch.lengths};
}

/// What the context network hears where that differs; likewise.
inline Activations augmented_waveform_of(AudioBatch& batch) {
  return {batch.augmented.data(), batch.size(), batch.max_samples, 1, batch.lengths};
}

/// One key per item from (epoch, utterance): an epoch visits an utterance once, so no two draws of a run
/// share their random numbers, and none depends on the batch or the rank.
inline std::vector<uint64_t> item_keys(const AudioBatch& batch) {
  std::vector<uint64_t> keys;
  for (int64_t utterance : batch.utterances)
    keys.push_back(mix64(mix64(static_cast<uint64_t>(batch.epoch) + 1) ^ static_cast<uint64_t>(utterance)));
  return keys;
}

}  // namespace wav2vec
