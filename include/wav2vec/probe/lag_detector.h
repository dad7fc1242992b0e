#pragma once
// Are labels shifted in time against features? A frame probe on shifted labels still learns something, and
// its numbers are silently too low.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "wav2vec/io/feature_rows.h"

namespace wav2vec {

/// One utterance with a class for each frame, −1 where there is none (probe/frame_labels.h).
struct LabelledFeatures {
  FeatureRows features;
  std::vector<int32_t> labels;  ///< [frames]
};

struct LagOptions {
  int64_t max_lag = 5;           ///< frames to both sides
  int64_t max_utterances = 200;  ///< read; spread evenly over those given
  /// Standard errors by which one lag must surpass others to count as better.
  double clear_standard_errors = 3.0;
};

enum class LagVerdict { aligned, shifted, cannot_tell };

struct LagCurvePoint {
  int64_t lag = 0;         ///< frames by which features come after their labels
  double explained = 0.0;  ///< share of the features' variance between classes, in [0, 1]
};

struct LagReport {
  LagVerdict verdict = LagVerdict::cannot_tell;
  int64_t best_lag = 0;
  std::vector<LagCurvePoint> curve;  ///< −max_lag … max_lag; empty when there was too little to count
  int64_t frames = 0;                ///< labelled frames that were compared
};

/// For every lag the features of frame t + lag against the label of frame t: the share of variance that lies
/// between classes (η², Σ over classes of n (mean − grand mean)² / Σ (x − grand mean)²), averaged over the
/// dimensions that vary, which standardises them. All lags see the same labels, so that chance counts the
/// same for all. How clear a difference is comes from a jackknife over ten groups of utterances.
///
/// - aligned: the best lag is −1, 0 or 1 and clearly surpasses every lag three and more frames away from it;
/// - shifted: another lag is the best and clearly surpasses 0 and ±1; at ±max_lag the shift may be longer;
/// - cannot_tell: neither, or fewer than 4 utterances, 200 labelled frames or 2 classes.
///
/// It finds where features and labels fit best and cannot know why. Context to both sides only flattens the
/// curve. Context of the past alone (wav2vec's c) moves the best lag to about half of what the context
/// effectively holds, though the labels are right: judge labels on log-mel or z of the same frame times.
LagReport detect_lag(std::span<const LabelledFeatures> utterances, const LagOptions& options = {});

/// "aligned (best lag 0)", "shifted by +3 frames", … for messages and tables.
std::string describe(const LagReport& report);

}  // namespace wav2vec
