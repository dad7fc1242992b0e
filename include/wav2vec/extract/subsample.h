#pragma once
// Every n-th frame (Kaldi's subsample-feats).

#include "wav2vec/config/postprocess_config.h"
#include "wav2vec/io/feature_rows.h"
#include "wav2vec/io/feature_writer.h"

namespace wav2vec {

/// The frames offset, offset + n, …; none where the utterance has no more than `offset`.
FeatureRows subsample(FeatureRows rows, const SubsampleConfig& config);

/// The hop is n times as long and the first centre `offset` hops later.
FeatureContract subsample(FeatureContract contract, const SubsampleConfig& config);

}  // namespace wav2vec
