#pragma once
// How well a score tells two kinds apart, and what a probability is worth.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "wav2vec/measure/bootstrap.h"

namespace wav2vec {

struct ScoredItem {
  double score = 0.0;
  bool positive = false;
  std::string group = {};  ///< usually the speaker
};

/// The share of pairs of a positive and a negative in which the positive has the higher score; ties count
/// half: the area under the ROC curve. NaN without pairs.
double area_under_curve(std::span<const ScoredItem> items);

/// The same with its bootstrap interval over groups.
Interval bootstrap_area_under_curve(std::span<const ScoredItem> items, const BootstrapOptions& options = {});

/// What is found of what is wrong when so many right ones may be taken for it: the share of negatives that
/// score below all positives but the `false_alarms` lowest ones. NaN without negatives.
double recall_at_false_alarms(std::span<const ScoredItem> items, int64_t false_alarms);

/// Expected calibration error (Naeini et al. 2015) of probabilities in `bins` equal bins: Σ over bins of
/// their share times |mean probability − share of positives|.
double calibration_error(std::span<const ScoredItem> items, int bins = 15);

}  // namespace wav2vec
