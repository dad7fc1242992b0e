#include "wav2vec/extract/postprocess.h"

#include "wav2vec/core/error.h"
#include "wav2vec/extract/cmvn.h"
#include "wav2vec/extract/deltas.h"
#include "wav2vec/extract/splice.h"
#include "wav2vec/extract/subsample.h"

namespace wav2vec {
namespace {

FeatureRows normalized(FeatureRows rows, const CmvnConfig& config, const CmvnStatistics* shared) {
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
      W2V_CHECK(shared != nullptr, "statistics of several utterances");
      return apply_cmvn(std::move(rows), *shared, config.norm_vars);
    case CmvnKind::sliding:
      return apply_sliding_cmvn(std::move(rows), config);
  }
  return rows;
}

}  // namespace

std::string cmvn_key(CmvnKind kind, const std::string& speaker, const std::string& utterance_id) {
  if (kind == CmvnKind::global) return "";
  return speaker.empty() ? utterance_id : speaker;
}

FeatureRows postprocess(FeatureRows rows, const PostprocessConfig& config, const CmvnStatistics* shared) {
  FeatureRows out = normalized(std::move(rows), config.cmvn, shared);
  if (config.deltas.delta_order > 0) out = add_deltas(std::move(out), config.deltas);
  if (config.splice.left_context + config.splice.right_context > 0)
    out = splice(std::move(out), config.splice);
  if (config.subsample.subsample > 1 || config.subsample.subsample_offset > 0)
    out = subsample(std::move(out), config.subsample);
  return out;
}

FeatureContract postprocess(FeatureContract contract, const PostprocessConfig& config) {
  FeatureContract out = add_deltas(std::move(contract), config.deltas);
  out = splice(std::move(out), config.splice);
  return subsample(std::move(out), config.subsample);
}

}  // namespace wav2vec
