#include "wav2vec/extract/postprocess.h"

#include <fmt/format.h>

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

// "cmvn=utterance delta_order=2": what is not as it is by default.
std::string description(const PostprocessConfig& config) {
  std::string text;
  const auto say = [&text](std::string_view name, std::string_view value, bool said) {
    if (said) text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, value);
  };
  const auto number = [&say](std::string_view name, int64_t value, int64_t by_default, bool matters = true) {
    say(name, fmt::to_string(value), matters && value != by_default);
  };
  const CmvnConfig& cmvn = config.cmvn;
  const bool sliding = cmvn.cmvn == CmvnKind::sliding;
  say("cmvn", kCmvnKindNames[static_cast<size_t>(cmvn.cmvn)], cmvn.cmvn != CmvnKind::none);
  say("norm_vars", "true", cmvn.norm_vars && cmvn.cmvn != CmvnKind::none);
  number("cmn_window", cmvn.cmn_window, 0, sliding);
  number("min_cmn_window", cmvn.min_cmn_window, 0, sliding && !cmvn.center);
  say("center", "true", sliding && cmvn.center);
  number("delta_order", config.deltas.delta_order, 0);
  number("delta_window", config.deltas.delta_window, 0, config.deltas.delta_order > 0);
  number("left_context", config.splice.left_context, 0);
  number("right_context", config.splice.right_context, 0);
  number("subsample", config.subsample.subsample, 1);
  number("subsample_offset", config.subsample.subsample_offset, 0);
  return text;
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
  contract.postprocess = description(config);
  contract = add_deltas(std::move(contract), config.deltas);
  contract = splice(std::move(contract), config.splice);
  return subsample(std::move(contract), config.subsample);
}

}  // namespace wav2vec
