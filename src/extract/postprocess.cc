#include "wav2vec/extract/postprocess.h"

#include "wav2vec/core/error.h"
#include "wav2vec/extract/cmvn.h"
#include "wav2vec/extract/deltas.h"
#include "wav2vec/extract/splice.h"
#include "wav2vec/extract/subsample.h"

namespace wav2vec {
namespace {

FeatureRows normalised(FeatureRows rows, const CmvnConfig& config, const CmvnStatistics* statistics) {
  switch (config.cmvn) {
    case CmvnKind::none:
      return rows;
    case CmvnKind::utterance: {
      CmvnStatistics own;
      own.add(rows);
      return apply_cmvn(std::move(rows), own, config.norm_vars);
    }
    case CmvnKind::speaker:
    case CmvnKind::global:
      W2V_CHECK(statistics != nullptr, "CMVN of a speaker or of everything needs statistics");
      return apply_cmvn(std::move(rows), *statistics, config.norm_vars);
    case CmvnKind::sliding:
      return apply_sliding_cmvn(std::move(rows), config);
  }
  return rows;
}

}  // namespace

FeatureRows postprocess(FeatureRows rows, const PostprocessConfig& config, const CmvnStatistics* statistics) {
  config.validate();
  rows = normalised(std::move(rows), config.cmvn, statistics);
  rows = add_deltas(std::move(rows), config.deltas);
  rows = splice(std::move(rows), config.splice);
  return subsample(std::move(rows), config.subsample);
}

FeatureContract postprocess(FeatureContract contract, const PostprocessConfig& config) {
  config.validate();
  contract = add_deltas(std::move(contract), config.deltas);
  contract = splice(std::move(contract), config.splice);
  return subsample(std::move(contract), config.subsample);
}

}  // namespace wav2vec
