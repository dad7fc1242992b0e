#pragma once
// How far the word times of one CTM are from those of another.

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "wav2vec/data/ctm.h"
#include "wav2vec/measure/bootstrap.h"

namespace wav2vec {

/// A boundary of a word in both: found − reference.
struct BoundaryError {
  double seconds = 0.0;
  bool is_end = false;
  std::string group;  ///< usually the speaker
};

struct BoundaryComparison {
  std::vector<BoundaryError> errors;
  int64_t utterances = 0;          ///< with the same words in both
  int64_t missing_utterances = 0;  ///< of the reference, not in what was found
  int64_t different_words = 0;     ///< utterances whose words differ
};

/// Words are compared without case and without what is no letter, digit or apostrophe; an utterance counts
/// when it has the same words in both. `group_of`: by utterance; an utterance without one is a group of its
/// own.
BoundaryComparison compare_times(const Alignment& found, const Alignment& reference,
                                 const std::map<std::string, std::string>& group_of);

/// All boundaries, or those of one kind.
struct BoundaryStatistics {
  int64_t boundaries = 0;
  int64_t groups = 0;
  Interval mean;  ///< of the absolute error in seconds, bootstrap over groups if there are 5 or more
  double median = 0.0;
  double p90 = 0.0;
  double p95 = 0.0;
  double bias = 0.0;                  ///< mean of the signed error in seconds
  std::vector<double> shares_within;  ///< of kBoundaryLimits
};
inline constexpr double kBoundaryLimits[] = {0.010, 0.025, 0.050, 0.100, 0.200};  // s

enum class Boundaries { all, starts, ends };
BoundaryStatistics boundary_statistics(const BoundaryComparison& comparison, Boundaries which);

}  // namespace wav2vec
