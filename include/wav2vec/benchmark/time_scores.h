#pragma once
// What a synchroniser made of the times of a corrupted subtitle, against what is true.

#include <cstdint>
#include <iterator>
#include <span>
#include <string_view>
#include <vector>

#include "wav2vec/align/word_times.h"
#include "wav2vec/benchmark/reference_sync.h"
#include "wav2vec/check/corruption.h"

namespace wav2vec {

inline constexpr double kWithinSeconds[] = {0.05, 0.1, 0.4, 0.8};
inline constexpr double kMovedSeconds = 0.1;
inline constexpr double kCutWithinSeconds = 1.0;

/// Cues that lie on one line, in the order of their times.
struct FoundSegment {
  double from_seconds = 0.0;   ///< start of its first cue, in the subtitle
  double until_seconds = 0.0;  ///< end of its last
  double slope = 1.0;
  double offset_seconds = 0.0;
  std::string_view ratio = {};
  int64_t cues = 0;
};

struct RetimedSubtitle {
  std::vector<double> starts_seconds;  ///< of each cue, in the order of the file
  std::vector<FoundSegment> segments;
};

/// As `wav2vec retime` does it: times change only where the state says that they are wrong.
RetimedSubtitle retimed(std::span<const CheckedText> cues, const CheckResult& result);

/// `order`: order_of_times() of the cues, in which reference synchronisers want them and answer.
RetimedSubtitle retimed(std::span<const CheckedText> cues, std::span<const size_t> order,
                        const ReferenceSync& sync);

/// Sums over subtitles of one kind of one programme.
struct TimeScore {
  int64_t cues = 0;
  int64_t moved = 0;       ///< by more than kMovedSeconds
  int64_t timed_cues = 0;  ///< that are spoken and known when
  int64_t within[std::size(kWithinSeconds)] = {};
  int64_t true_cuts = 0;
  int64_t found_cuts = 0;
  int64_t right_cuts = 0;  ///< found, with the place where they are within kCutWithinSeconds of a true one
  int64_t ratios = 0;      ///< subtitles at a ratio of frame rates
  int64_t right_ratios = 0;
  /// Of each subtitle: |median of new start − true start|, and |slope of the longest segment / true slope −
  /// 1|.
  std::vector<double> shift_errors_seconds;
  std::vector<double> slope_errors;
};

void add_score(TimeScore& score, const CorruptedSubtitle& subtitle, const RetimedSubtitle& retimed);
TimeScore& operator+=(TimeScore& sum, const TimeScore& other);

}  // namespace wav2vec
