#pragma once
// Everything that is done to features between the network and the file, in the order of PostprocessConfig.

#include <map>
#include <string>

#include "wav2vec/config/postprocess_config.h"
#include "wav2vec/extract/cmvn_statistics.h"
#include "wav2vec/io/feature_contract.h"
#include "wav2vec/io/feature_rows.h"

namespace wav2vec {

/// Statistics of more than one utterance: by speaker, or under "" of everything.
using SharedCmvnStatistics = std::map<std::string, CmvnStatistics>;

/// Where the statistics of this utterance stand in SharedCmvnStatistics. Utterances without a speaker are a
/// speaker each, under their id.
std::string cmvn_key(CmvnKind kind, const std::string& speaker, const std::string& utterance_id);

/// Whether utterances have to be read before one of them can be normalised.
inline bool needs_shared_statistics(const CmvnConfig& config) {
  return config.cmvn == CmvnKind::speaker || config.cmvn == CmvnKind::global;
}

/// `shared`: of this utterance's speaker or of everything; null where the config needs none. Reads through
/// `rows`, which must stay valid. Throws DataError (without a file name) for NaN and infinity.
FeatureRows postprocess(FeatureRows rows, const PostprocessConfig& config, const CmvnStatistics* shared);

/// What is said about the frames afterwards.
FeatureContract postprocess(FeatureContract contract, const PostprocessConfig& config);

}  // namespace wav2vec
