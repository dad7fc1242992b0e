#pragma once
// Mean and variance normalisation per channel. The frame contract stays as it is.

#include "wav2vec/config/postprocess_config.h"
#include "wav2vec/extract/cmvn_statistics.h"
#include "wav2vec/io/feature_rows.h"

namespace wav2vec {

/// x - mean, with `norm_vars` divided by the standard deviation (biased, its square at least 1e-20) of the
/// statistics; Kaldi's apply-cmvn. Throws DataError (without a file name) for statistics of another number of
/// channels or of less than one frame.
FeatureRows apply_cmvn(FeatureRows rows, const CmvnStatistics& statistics, bool norm_vars);

/// The same with the frames around each frame; Kaldi's apply-cmvn-sliding: `cmn_window` frames around it with
/// `center`, else itself and `cmn_window` before it, at the start of the utterance the first
/// `min_cmn_window`; with `center`, a window that reaches over an end is moved inwards. Variances are 1e-10
/// at least; in a window of one frame `norm_vars` gives 0. A row is a function of the features alone, however
/// they are read, and a window of them is in memory. Reading throws DataError (without a file name) for NaN
/// and infinity.
FeatureRows apply_sliding_cmvn(FeatureRows rows, const CmvnConfig& config);

}  // namespace wav2vec
