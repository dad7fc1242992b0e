#pragma once
// How far a measured rate would move with other speakers: the percentile bootstrap over groups (Efron 1979;
// for error rates Bisani and Ney 2004). Utterances of a speaker err together, so speakers are drawn, not
// utterances.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "wav2vec/measure/error_rate.h"

namespace wav2vec {

/// Errors and units of one group, usually a speaker.
struct GroupCounts {
  double errors = 0.0;
  double total = 0.0;

  bool operator==(const GroupCounts&) const = default;
};

/// Adds up the utterances of each group, `group_of[i]` being the group of `counts[i]`. In the order of the
/// groups' names, so that two systems on the same utterances give lists that belong together.
std::vector<GroupCounts> sum_by_group(std::span<const std::string> group_of,
                                      std::span<const ErrorCounts> counts);

struct BootstrapOptions {
  uint64_t seed = 1;
  int64_t resamples = 10000;
  double coverage = 0.95;
};

/// `value` is measured on all groups. With fewer than two groups, or where a ratio has no denominator, low
/// and high are NaN.
struct Interval {
  double value = 0.0;
  double low = 0.0;
  double high = 0.0;

  /// The whole interval on one side of `x`; false when it is NaN.
  bool excludes(double x) const { return low > x || high < x; }
};

/// Σ errors / Σ total. The same numbers in the same order give the same interval.
Interval bootstrap_rate(std::span<const GroupCounts> groups, const BootstrapOptions& options = {});

/// What `system` changes against `baseline` on the same groups.
struct Comparison {
  Interval difference;          ///< rate of the system − rate of the baseline; below 0 is better
  Interval relative_reduction;  ///< 1 − rate of the system / rate of the baseline; above 0 is better
  double share_better = 0.0;    ///< of the resamples in which the system's rate is the lower
};

/// Paired: each resample draws the same groups for both, so what is hard for both cancels.
Comparison bootstrap_comparison(std::span<const GroupCounts> baseline, std::span<const GroupCounts> system,
                                const BootstrapOptions& options = {});

}  // namespace wav2vec
