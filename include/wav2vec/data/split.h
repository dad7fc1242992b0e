#pragma once
// Holding out utterances for validation.

#include <cstdint>

#include "wav2vec/data/manifest.h"

namespace wav2vec {

struct ManifestSplit {
  Manifest train;
  Manifest valid;
  bool by_speaker = false;  ///< no known speaker is on both sides
};

/// Moves about `valid_fraction` of the duration to `valid`, whole speakers at a time; utterances without a
/// speaker by file, so that parts of one recording stay together. With a single speaker in all, files are
/// split instead. Speakers (files) are visited in an order that depends on the seed and their names only and
/// taken while that brings the duration nearer to the fraction, so that adding files elsewhere moves few of
/// them. Neither side is empty if there are two groups and valid_fraction > 0. The order of utterances is
/// kept.
ManifestSplit split_manifest(const Manifest& manifest, double valid_fraction, uint64_t seed);

}  // namespace wav2vec
