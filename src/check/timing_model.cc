#include "wav2vec/check/timing_model.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "wav2vec/measure/quantile.h"

namespace wav2vec {
namespace {

constexpr FrameRateRatio kRatios[] = {
    {24.0 / 23.976, "24/23.976"}, {23.976 / 24.0, "23.976/24"}, {25.0 / 24.0, "25/24"},
    {24.0 / 25.0, "24/25"},       {25.0 / 23.976, "25/23.976"}, {23.976 / 25.0, "23.976/25"},
};
// Slopes that clocks may have.
constexpr double kSlopeStep = 2e-4;
constexpr int kSlopeSteps = 6;
constexpr size_t kMostOffsets = 60;
constexpr double kVoteSeconds = 0.1;
// Measured slopes are those of a frame rate when they are as near as this or their error allows.
constexpr double kSnapSlope = 6e-5;
// By which cues may be early or late, in standard deviations.
constexpr double kTolerableDeviations = 2.4;
// What a slope between those of frame rates must move over its segment.
constexpr double kLeastDriftSeconds = 0.15;

double nats_at(const CueEvidence& cue, double start_seconds, const TimingOptions& options) {
  double best = 0.0;
  for (const HeardPlace& place : cue.places) {
    const double distance = (place.start_seconds - start_seconds) / options.tolerance_seconds;
    if (std::abs(distance) >= 1.0) continue;
    best = std::max(best, std::min(place.nats, options.most_nats) * (1.0 - distance * distance));
  }
  return best;
}

struct Votes {
  double offset_seconds = 0.0;
  double nats = 0.0;
};

/// The offsets that most cues agree on, best first.
std::vector<double> likely_offsets(std::span<const CueEvidence> cues, double slope,
                                   const TimingOptions& options) {
  std::map<int64_t, double> bins;
  for (const CueEvidence& cue : cues) {
    for (const HeardPlace& place : cue.places) {
      if (place.nats <= 0.0) continue;
      const double offset = place.start_seconds - slope * cue.start_seconds;
      bins[std::llround(offset / kVoteSeconds)] += std::min(place.nats, options.most_nats);
    }
  }
  const auto reach = static_cast<int64_t>(options.tolerance_seconds / kVoteSeconds);
  std::vector<Votes> votes;
  for (const auto& [bin, unused] : bins) {
    double sum = 0.0;
    for (auto near = bins.lower_bound(bin - reach); near != bins.end() && near->first <= bin + reach;
         ++near) {
      const double distance = static_cast<double>(near->first - bin) / static_cast<double>(reach);
      sum += near->second * (1.0 - distance * distance);
    }
    votes.push_back({static_cast<double>(bin) * kVoteSeconds, sum});
  }
  std::ranges::stable_sort(votes, std::greater{}, &Votes::nats);
  std::vector<double> offsets;
  for (const Votes& vote : votes) {
    if (offsets.size() >= kMostOffsets) break;
    const bool apart = std::ranges::all_of(offsets, [&](double offset) {
      return std::abs(offset - vote.offset_seconds) >= 0.5 * options.tolerance_seconds;
    });
    if (apart) offsets.push_back(vote.offset_seconds);
  }
  return offsets;
}

struct Fit {
  double nats = -std::numeric_limits<double>::infinity();
  std::vector<TimingSegment> segments;
};

/// Cues in order, each at one of the offsets; another one costs split_nats.
Fit best_segments(std::span<const CueEvidence> cues, double slope, const TimingOptions& options) {
  std::vector<double> offsets = likely_offsets(cues, slope, options);
  if (offsets.empty()) offsets = {0.0};
  const size_t count = offsets.size();
  std::vector<double> sums(count, 0.0);
  std::vector<std::vector<uint8_t>> from(cues.size(), std::vector<uint8_t>(count));
  for (size_t c = 0; c < cues.size(); ++c) {
    const auto top = static_cast<size_t>(std::ranges::max_element(sums) - sums.begin());
    const double other = sums[top] - options.split_nats;
    for (size_t m = 0; m < count; ++m) {
      const bool split = c > 0 && other > sums[m];
      from[c][m] = static_cast<uint8_t>(split ? top : m);
      sums[m] =
          (split ? other : sums[m]) + nats_at(cues[c], slope * cues[c].start_seconds + offsets[m], options);
    }
  }
  auto m = static_cast<size_t>(std::ranges::max_element(sums) - sums.begin());
  Fit fit{.nats = sums[m], .segments = {}};
  for (size_t c = cues.size(); c-- > 0;) {
    if (fit.segments.empty() || fit.segments.back().offset_seconds != offsets[m])
      fit.segments.push_back({.end_cue = static_cast<int64_t>(c) + 1,
                              .slope = slope,
                              .offset_seconds = offsets[m],
                              .ratio = {}});
    fit.segments.back().first_cue = static_cast<int64_t>(c);
    m = from[c][m];
  }
  std::ranges::reverse(fit.segments);
  return fit;
}

double median_of(std::vector<double> values) {
  std::ranges::sort(values);
  return quantile(values, 0.5);
}

/// By how much cues begin earlier or later than their speech against their neighbours, as a standard
/// deviation. Neither an offset nor a drift nor a few cuts count in it; nor do texts that are heard far from
/// where their neighbours are.
double looseness(std::span<const CueEvidence> cues) {
  constexpr double kFarSeconds = 4.0;
  constexpr size_t kFewest = 12;
  std::vector<double> steps;
  double before = 0.0;
  bool first = true;
  for (const CueEvidence& cue : cues) {
    if (cue.places.empty()) continue;
    const HeardPlace& best = *std::ranges::max_element(cue.places, {}, &HeardPlace::nats);
    if (best.nats <= 0.0) continue;
    const double offset = best.start_seconds - cue.start_seconds;
    if (!first && std::abs(offset - before) < kFarSeconds) steps.push_back(offset - before);
    before = offset;
    first = false;
  }
  if (steps.size() < kFewest) return 0.0;
  const double middle = median_of(steps);
  for (double& step : steps) step = std::abs(step - middle);
  // 1.4826: of a median to a normal deviation; a step holds the deviations of two cues.
  return 1.4826 * median_of(steps) / std::sqrt(2.0);
}

struct Point {
  double subtitle_seconds = 0.0;
  double audio_seconds = 0.0;
};

/// Of the cues of a segment: where they are heard near where it says.
std::vector<Point> points_of(std::span<const CueEvidence> cues, const TimingSegment& segment,
                             const TimingOptions& options) {
  std::vector<Point> points;
  for (int64_t c = segment.first_cue; c < segment.end_cue; ++c) {
    const CueEvidence& cue = cues[static_cast<size_t>(c)];
    const HeardPlace* best = nullptr;
    for (const HeardPlace& place : cue.places) {
      if (place.nats <= 0.0 ||
          std::abs(place.start_seconds - segment.map(cue.start_seconds)) > options.tolerance_seconds)
        continue;
      if (best == nullptr || place.nats > best->nats) best = &place;
    }
    if (best != nullptr) points.push_back({cue.start_seconds, best->start_seconds});
  }
  return points;
}

struct Line {
  double slope = 1.0;
  double offset = 0.0;
  double slope_error = 0.0;   ///< standard errors
  double middle_error = 0.0;  ///< of the offset at the points' middle
  double spread = 0.0;
};

/// Least absolute deviations by reweighting; with a fixed slope the median.
Line fit_line(std::span<const Point> points, double slope, bool free_slope) {
  const auto n = static_cast<double>(points.size());
  double middle = 0.0;
  for (const Point& p : points) middle += p.subtitle_seconds / n;
  std::vector<double> residuals;
  for (const Point& p : points) residuals.push_back(p.audio_seconds - slope * (p.subtitle_seconds - middle));
  double level = median_of(residuals);
  if (free_slope) {
    for (int step = 0; step < 50; ++step) {
      double w = 0.0, wx = 0.0, wxx = 0.0, wy = 0.0, wxy = 0.0;
      for (const Point& p : points) {
        const double x = p.subtitle_seconds - middle;
        const double residual = p.audio_seconds - slope * x - level;
        const double weight = 1.0 / std::max(std::abs(residual), 0.005);
        w += weight;
        wx += weight * x;
        wxx += weight * x * x;
        wy += weight * p.audio_seconds;
        wxy += weight * x * p.audio_seconds;
      }
      const double determinant = w * wxx - wx * wx;
      if (!(determinant > 0.0)) break;
      slope = (w * wxy - wx * wy) / determinant;
      level = (wy - slope * wx) / w;
    }
  }
  std::vector<double> sizes;
  double spread = 0.0;
  for (const Point& p : points) {
    const double x = p.subtitle_seconds - middle;
    sizes.push_back(std::abs(p.audio_seconds - slope * x - level));
    spread += x * x;
  }
  // The median's error is that of a mean, times 1.25, of normal residuals; these have heavier tails.
  const double scale = std::max(1.4826 * median_of(sizes), 0.005);
  return {.slope = slope,
          .offset = level - slope * middle,
          .slope_error =
              spread > 0.0 ? 1.25 * scale / std::sqrt(spread) : std::numeric_limits<double>::infinity(),
          .middle_error = 1.25 * scale / std::sqrt(n),
          .spread = scale};
}

std::string_view name_of_slope(double slope) {
  for (const FrameRateRatio& ratio : kRatios) {
    if (ratio.slope == slope) return ratio.name;
  }
  return {};
}

/// The nearest of 1 and the frame rates' ratios if it is as near as the measured slope's error allows.
double snapped(const Line& line) {
  if (std::abs(line.slope - 1.0) <= 4.0 * line.slope_error) return 1.0;
  double best = 1.0;
  for (const FrameRateRatio& ratio : kRatios) {
    if (std::abs(ratio.slope - line.slope) < std::abs(best - line.slope)) best = ratio.slope;
  }
  return std::abs(best - line.slope) <= std::max(kSnapSlope, 4.0 * line.slope_error) ? best : line.slope;
}

void refine(TimingSegment& segment, std::span<const CueEvidence> cues, const TimingOptions& options) {
  constexpr size_t kFewestForSlope = 12;
  for (int round = 0; round < 3; ++round) {
    const std::vector<Point> points = points_of(cues, segment, options);
    segment.support = std::ssize(points);
    if (points.empty()) return;
    Line line = fit_line(points, segment.slope, false);
    if (points.size() >= kFewestForSlope) {
      const Line free = fit_line(points, segment.slope, true);
      const double length = points.back().subtitle_seconds - points.front().subtitle_seconds;
      const double slope = snapped(free);
      const bool moves = std::abs(free.slope - 1.0) * length >= kLeastDriftSeconds;
      const bool sure = std::abs(free.slope - segment.slope) > 4.0 * free.slope_error;
      // Between frame rates only what is sure and matters; towards 1 whatever is not sure.
      if (slope != free.slope)
        line = fit_line(points, moves ? slope : 1.0, false);
      else if (moves && sure)
        line = free;
    }
    segment.slope = line.slope;
    segment.offset_seconds = line.offset;
    segment.ratio = name_of_slope(line.slope);
    segment.spread_seconds = line.spread;
    segment.offset_low_seconds = line.offset - 1.96 * line.middle_error;
    segment.offset_high_seconds = line.offset + 1.96 * line.middle_error;
  }
}

/// Without segments that no more cues agree with than would by chance; their cues go with the neighbour
/// before, or else behind.
std::vector<TimingSegment> supported(const std::vector<TimingSegment>& segments,
                                     std::span<const CueEvidence> cues) {
  constexpr int64_t kFewestCues = 4;
  constexpr double kLeastShare = 0.3;
  std::vector<TimingSegment> out;
  for (const TimingSegment& segment : segments) {
    const auto scored =
        std::ranges::count_if(cues.subspan(static_cast<size_t>(segment.first_cue),
                                           static_cast<size_t>(segment.end_cue - segment.first_cue)),
                              [](const CueEvidence& cue) { return !cue.places.empty(); });
    const bool stands = segment.support >= kFewestCues &&
                        static_cast<double>(segment.support) >= kLeastShare * static_cast<double>(scored);
    if (stands) out.push_back(segment);
    if (!out.empty()) out.back().end_cue = segment.end_cue;
  }
  if (!out.empty()) out.front().first_cue = 0;
  return out;
}

double nats_of(std::span<const CueEvidence> cues, std::span<const TimingSegment> segments,
               const TimingOptions& options) {
  double sum = 0.0;
  for (const TimingSegment& segment : segments) {
    for (int64_t c = segment.first_cue; c < segment.end_cue; ++c) {
      const CueEvidence& cue = cues[static_cast<size_t>(c)];
      sum += nats_at(cue, segment.map(cue.start_seconds), options);
    }
  }
  return sum;
}

/// Neighbours that say the same are one.
std::vector<TimingSegment> merged(std::vector<TimingSegment> segments, std::span<const CueEvidence> cues,
                                  const TimingOptions& options) {
  std::vector<TimingSegment> out;
  for (const TimingSegment& segment : segments) {
    const double border = cues[static_cast<size_t>(segment.first_cue)].start_seconds;
    if (!out.empty() &&
        std::abs(out.back().map(border) - segment.map(border)) < 2.0 * options.least_move_seconds &&
        std::abs(out.back().slope - segment.slope) < kSlopeStep) {
      out.back().end_cue = segment.end_cue;
      refine(out.back(), cues, options);
    } else {
      out.push_back(segment);
    }
  }
  return out;
}

}  // namespace

std::span<const FrameRateRatio> frame_rate_ratios() { return kRatios; }

TimingModel fit_timing(std::span<const CueEvidence> cues, const TimingOptions& given) {
  TimingModel model;
  TimingOptions options = given;
  // Else chance divides a loose subtitle into parts that each take those of its cues that are early, or late.
  options.tolerance_seconds =
      std::max(given.tolerance_seconds,
               std::min(kTolerableDeviations * looseness(cues), given.most_tolerance_seconds));
  const auto count = std::ssize(cues);
  const TimingSegment as_it_is{.end_cue = count, .ratio = {}};
  model.segments = {as_it_is};
  if (cues.empty()) return model;
  for (const CueEvidence& cue : cues) model.scored_cues += cue.places.empty() ? 0 : 1;

  std::vector<double> slopes{1.0};
  for (int k = 1; k <= kSlopeSteps; ++k) {
    slopes.push_back(1.0 + k * kSlopeStep);
    slopes.push_back(1.0 - k * kSlopeStep);
  }
  for (const FrameRateRatio& ratio : kRatios) slopes.push_back(ratio.slope);
  Fit best;
  for (const double slope : slopes) {
    Fit fit = best_segments(cues, slope, options);
    if (slope != 1.0) fit.nats -= options.slope_nats;
    if (fit.nats > best.nats) best = std::move(fit);
  }
  for (TimingSegment& segment : best.segments) refine(segment, cues, options);
  best.segments = merged(supported(best.segments, cues), cues, options);

  const double splits = static_cast<double>(best.segments.size()) - 1.0;
  const double here = nats_of(cues, {&as_it_is, 1}, options);
  model.log_odds = nats_of(cues, best.segments, options) - splits * options.split_nats - here;
  bool moves = false;
  for (const TimingSegment& segment : best.segments) {
    for (const int64_t c : {segment.first_cue, segment.end_cue - 1}) {
      const double seconds = cues[static_cast<size_t>(c)].start_seconds;
      const double move = std::abs(segment.map(seconds) - seconds);
      moves |=
          move > std::max(options.least_move_seconds, options.least_move_spreads * segment.spread_seconds);
      model.at_search_edge |=
          segment.slope == 1.0 && move > options.search_seconds - 2.0 * options.tolerance_seconds;
    }
    model.support += segment.support;
  }
  if (best.segments.empty() || !moves || model.log_odds <= 0.0) {
    TimingSegment kept = as_it_is;
    model.log_odds = std::min(model.log_odds, 0.0);
    const std::vector<Point> points = points_of(cues, kept, options);
    model.support = kept.support = std::ssize(points);
    if (!points.empty()) {
      const Line line = fit_line(points, 1.0, false);
      kept.offset_low_seconds = line.offset - 1.96 * line.middle_error;
      kept.offset_high_seconds = line.offset + 1.96 * line.middle_error;
    }
    model.segments = {kept};
    model.at_search_edge = false;
    return model;
  }
  model.identity = false;
  model.segments = std::move(best.segments);
  return model;
}

}  // namespace wav2vec
