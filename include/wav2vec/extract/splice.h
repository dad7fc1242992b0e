#pragma once
// Frames stacked with their neighbours (Kaldi's splice-feats).

#include "wav2vec/config/postprocess_config.h"
#include "wav2vec/io/feature_rows.h"
#include "wav2vec/io/feature_writer.h"

namespace wav2vec {

/// [frames, channels · (left + 1 + right)]: the frames t - left … t + right one after the other; beyond an
/// end the first or last frame is repeated.
FeatureRows splice(FeatureRows rows, const SpliceConfig& config);

/// More channels, and a receptive field longer by left + right hops; a row still stands for the time of its
/// frame t.
FeatureContract splice(FeatureContract contract, const SpliceConfig& config);

}  // namespace wav2vec
