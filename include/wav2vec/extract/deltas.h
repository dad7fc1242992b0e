#pragma once
// Differences over time beside the features (Kaldi's add-deltas).

#include "wav2vec/config/postprocess_config.h"
#include "wav2vec/io/feature_rows.h"
#include "wav2vec/io/feature_writer.h"

namespace wav2vec {

/// [frames, channels · (1 + order)]: the features, then each order of differences. The first is
/// Σ j · x[t + j] / Σ j² over j = -window … window; each further order applies these weights to those of the
/// one before, and positions beyond an end read the first or last frame.
FeatureRows add_deltas(FeatureRows rows, const DeltasConfig& config);

/// More channels, and a receptive field longer by order · window hops at either side; the centre stays.
FeatureContract add_deltas(FeatureContract contract, const DeltasConfig& config);

}  // namespace wav2vec
