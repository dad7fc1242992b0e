#pragma once
// Statistics for CMVN over more than one utterance: of each speaker, or of everything.

#include <map>
#include <string>
#include <vector>

#include "wav2vec/config/postprocess_config.h"
#include "wav2vec/data/manifest.h"
#include "wav2vec/extract/cmvn_statistics.h"

namespace wav2vec {

/// By speaker, or under "" of everything.
using SharedStatistics = std::map<std::string, CmvnStatistics>;

bool needs_shared_statistics(const CmvnConfig& config);

/// Under which an utterance's stand; one without a speaker is a speaker by itself.
std::string statistics_key(CmvnKind kind, const Utterance& utterance);

/// CRC-32C over all of them, as "crc32c:1234abcd": features that were normalised by different ones do not
/// belong together.
std::string statistics_hash(const SharedStatistics& statistics);

}  // namespace wav2vec
