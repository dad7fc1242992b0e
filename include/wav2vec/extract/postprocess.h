#pragma once
// CMVN, deltas, stacking and subsampling one after the other, and what they make of the frame contract.

#include "wav2vec/config/postprocess_config.h"
#include "wav2vec/extract/cmvn_statistics.h"
#include "wav2vec/io/feature_rows.h"
#include "wav2vec/io/feature_writer.h"

namespace wav2vec {

/// Rows that are computed while they are read, in bounded memory. `statistics`: of the speaker or of
/// everything, where the config asks for one of these, else null; those of the utterance are gathered here by
/// reading `rows` once. Throws ConfigError; DataError as extract/cmvn.h.
FeatureRows postprocess(FeatureRows rows, const PostprocessConfig& config, const CmvnStatistics* statistics);

FeatureContract postprocess(FeatureContract contract, const PostprocessConfig& config);

}  // namespace wav2vec
