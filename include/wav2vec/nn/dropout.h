#pragma once
// Inverted dropout whose mask is a function of (stream, position): backward draws it again, nothing is
// stored.

#include <cstdint>
#include <span>

#include "wav2vec/core/rng.h"
#include "wav2vec/core/tensor.h"

namespace wav2vec {

/// Names the random numbers of one training pass: one key per batch item, so that a mask or a draw depends on
/// the item and not on its place in the batch.
struct TrainingRandom {
  uint64_t seed = 0;
  std::span<const uint64_t> item_keys;  ///< [batch]
};

/// In place: x·mask/(1 − rate) on the valid frames. `layer` tells the masks of one pass apart. The backward
/// of dropout is the same call on the gradient.
void apply_dropout(const Activations& x, double rate, uint64_t layer, const TrainingRandom& random);

}  // namespace wav2vec
