#include "wav2vec/benchmark/time_scores.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "wav2vec/measure/quantile.h"

namespace wav2vec {
namespace {

/// Between two segments; a place of no length where something was put in.
struct Place {
  double from_seconds = 0.0;
  double until_seconds = 0.0;
};

template <class Segment>
std::vector<Place> places_between(std::span<const Segment> segments) {
  std::vector<Place> places;
  for (size_t i = 0; i + 1 < segments.size(); ++i)
    places.push_back({segments[i].until_seconds, segments[i + 1].from_seconds});
  return places;
}

double distance(const Place& a, const Place& b) {
  // Cues may overlap, so that a place ends before it begins.
  const double a_from = std::min(a.from_seconds, a.until_seconds);
  const double a_until = std::max(a.from_seconds, a.until_seconds);
  const double b_from = std::min(b.from_seconds, b.until_seconds);
  const double b_until = std::max(b.from_seconds, b.until_seconds);
  return std::max({0.0, a_from - b_until, b_from - a_until});
}

void score_cuts(TimeScore& score, std::span<const TrueSegment> truth, std::span<const FoundSegment> found) {
  const std::vector<Place> true_places = places_between(truth);
  const std::vector<Place> found_places = places_between(found);
  score.true_cuts += std::ssize(true_places);
  score.found_cuts += std::ssize(found_places);
  std::vector<bool> taken(found_places.size(), false);
  for (const Place& cut : true_places) {
    for (size_t k = 0; k < found_places.size(); ++k) {
      if (taken[k] || distance(found_places[k], cut) > kCutWithinSeconds) continue;
      taken[k] = true;
      ++score.right_cuts;
      break;
    }
  }
}

void extend(RetimedSubtitle& retimed, const CheckedText& cue, double slope, double offset, bool new_segment) {
  if (new_segment) {
    retimed.segments.push_back({.from_seconds = cue.start_seconds,
                                .until_seconds = cue.end_seconds,
                                .slope = slope,
                                .offset_seconds = offset});
  }
  FoundSegment& segment = retimed.segments.back();
  segment.until_seconds = std::max(segment.until_seconds, cue.end_seconds);
  ++segment.cues;
}

}  // namespace

RetimedSubtitle retimed(std::span<const CheckedText> cues, const CheckResult& result) {
  const bool changes = moves_times(result.state);
  RetimedSubtitle out;
  for (size_t i = 0; i < cues.size(); ++i)
    out.starts_seconds.push_back(changes ? result.cues[i].suggested_start_seconds : cues[i].start_seconds);
  const std::vector<size_t> order = order_of_times(cues);
  size_t s = 0;
  for (size_t k = 0; k < order.size(); ++k) {
    bool first = k == 0;
    if (changes) {
      while (s + 1 < result.timing.segments.size() &&
             static_cast<int64_t>(k) >= result.timing.segments[s].end_cue) {
        ++s;
        first = true;
      }
      const TimingSegment& segment = result.timing.segments[s];
      extend(out, cues[order[k]], segment.slope, segment.offset_seconds, first);
      out.segments.back().ratio = segment.ratio;
    } else {
      extend(out, cues[order[k]], 1.0, 0.0, first);
    }
  }
  return out;
}

RetimedSubtitle retimed(std::span<const CheckedText> cues, std::span<const size_t> order,
                        const ReferenceSync& sync) {
  RetimedSubtitle out;
  out.starts_seconds.resize(cues.size());
  for (size_t k = 0; k < order.size(); ++k) {
    const CheckedText& cue = cues[order[k]];
    const double offset = sync.offsets_seconds[k];
    out.starts_seconds[order[k]] = sync.slope * cue.start_seconds + offset;
    extend(out, cue, sync.slope, offset, k == 0 || offset != sync.offsets_seconds[k - 1]);
    for (const FrameRateRatio& ratio : frame_rate_ratios()) {
      if (ratio.slope == sync.slope) out.segments.back().ratio = ratio.name;
    }
  }
  return out;
}

void add_score(TimeScore& score, const CorruptedSubtitle& subtitle, const RetimedSubtitle& retimed) {
  std::vector<double> errors;
  for (size_t i = 0; i < subtitle.cues.size(); ++i) {
    const double start = retimed.starts_seconds[i];
    ++score.cues;
    score.moved += std::abs(start - subtitle.cues[i].start_seconds) > kMovedSeconds ? 1 : 0;
    if (!subtitle.truth[i].start_seconds) continue;
    ++score.timed_cues;
    errors.push_back(start - *subtitle.truth[i].start_seconds);
    for (size_t k = 0; k < std::size(kWithinSeconds); ++k)
      score.within[k] += std::abs(errors.back()) <= kWithinSeconds[k] ? 1 : 0;
  }
  if (!errors.empty()) {
    std::ranges::sort(errors);
    score.shift_errors_seconds.push_back(std::abs(quantile(errors, 0.5)));
  }
  score_cuts(score, subtitle.segments, retimed.segments);
  if (retimed.segments.empty()) return;
  const FoundSegment& longest = *std::ranges::max_element(retimed.segments, {}, &FoundSegment::cues);
  score.slope_errors.push_back(std::abs(longest.slope / subtitle.segments[0].slope - 1.0));
  if (subtitle.ratio.empty()) return;
  ++score.ratios;
  score.right_ratios += longest.ratio == subtitle.ratio ? 1 : 0;
}

TimeScore& operator+=(TimeScore& sum, const TimeScore& other) {
  sum.cues += other.cues;
  sum.moved += other.moved;
  sum.timed_cues += other.timed_cues;
  for (size_t k = 0; k < std::size(kWithinSeconds); ++k) sum.within[k] += other.within[k];
  sum.true_cuts += other.true_cuts;
  sum.found_cuts += other.found_cuts;
  sum.right_cuts += other.right_cuts;
  sum.ratios += other.ratios;
  sum.right_ratios += other.right_ratios;
  sum.shift_errors_seconds.insert(sum.shift_errors_seconds.end(), other.shift_errors_seconds.begin(),
                                  other.shift_errors_seconds.end());
  sum.slope_errors.insert(sum.slope_errors.end(), other.slope_errors.begin(), other.slope_errors.end());
  return sum;
}

}  // namespace wav2vec
