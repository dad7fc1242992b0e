#include "wav2vec/config/postprocess_config.h"

#include <fmt/format.h>

namespace wav2vec {
namespace {

void check_within(std::string_view key, int64_t value, int64_t low, int64_t high) {
  if (value < low || value > high)
    fail_field("postprocess", key, fmt::format("{} is not within {}..{}", value, low, high));
}

}  // namespace

void CmvnConfig::visit(FieldVisitor& v) {
  v.choice("cmvn", cmvn, kCmvnKindNames, "whose mean is subtracted from every channel");
  v.field("norm_vars", norm_vars, "also divide by the standard deviation");
  v.field("cmn_window", cmn_window, "cmvn = \"sliding\": window in frames");
  v.field("min_cmn_window", min_cmn_window, "cmvn = \"sliding\": window at the start, unless center");
  v.field("center", center, "cmvn = \"sliding\": the window lies around the frame, not before it");
}

void CmvnConfig::validate() const {
  // The frames of a window stand in memory.
  constexpr int64_t kMaxWindow = 36000;
  check_within("cmn_window", cmn_window, 1, kMaxWindow);
  check_within("min_cmn_window", min_cmn_window, 1, kMaxWindow);
}

void DeltasConfig::visit(FieldVisitor& v) {
  v.field("delta_order", delta_order, "append this many orders of differences over time; 0 = none");
  v.field("delta_window", delta_window, "frames to either side that a difference is taken over");
}

void DeltasConfig::validate() const {
  check_within("delta_order", delta_order, 0, 8);
  check_within("delta_window", delta_window, 1, 999);
}

void SpliceConfig::visit(FieldVisitor& v) {
  v.field("left_context", left_context, "stack each frame with so many before it");
  v.field("right_context", right_context, "stack each frame with so many behind it");
}

void SpliceConfig::validate() const {
  check_within("left_context", left_context, 0, 1000);
  check_within("right_context", right_context, 0, 1000);
}

void SubsampleConfig::visit(FieldVisitor& v) {
  v.field("subsample", subsample, "keep every n-th frame");
  v.field("subsample_offset", subsample_offset, "number of the first frame that is kept");
}

void SubsampleConfig::validate() const {
  check_within("subsample", subsample, 1, 100000);
  check_within("subsample_offset", subsample_offset, 0, subsample - 1);
}

void PostprocessConfig::visit(FieldVisitor& v) {
  cmvn.visit(v);
  deltas.visit(v);
  splice.visit(v);
  subsample.visit(v);
}

void PostprocessConfig::validate() const {
  cmvn.validate();
  deltas.validate();
  splice.validate();
  subsample.validate();
}

}  // namespace wav2vec
