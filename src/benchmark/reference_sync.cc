#include "wav2vec/benchmark/reference_sync.h"

#include <algorithm>
#include <cmath>

#include "wav2vec/audio/cross_correlation.h"
#include "wav2vec/check/timing_model.h"

namespace wav2vec {
namespace {

constexpr double kBridgedSeconds = 0.2;
constexpr double kLeastSpanSeconds = 0.5;

/// 1 first, so that it wins where others are as good.
std::vector<double> slopes() {
  std::vector<double> all{1.0};
  for (const FrameRateRatio& ratio : frame_rate_ratios()) all.push_back(ratio.slope);
  return all;
}

std::vector<float> on_and_off(std::span<const TimeSpan> cues, double slope, double frame_seconds) {
  double last = 0.0;
  for (const TimeSpan& cue : cues) last = std::max(last, slope * cue.end_seconds);
  std::vector<float> track(static_cast<size_t>(std::max(last, 0.0) / frame_seconds) + 1, -1.0F);
  const auto frame_at = [&](double seconds) {
    return std::clamp<int64_t>(std::llround(slope * seconds / frame_seconds), 0, std::ssize(track));
  };
  for (const TimeSpan& cue : cues) {
    const int64_t first = frame_at(cue.start_seconds);
    std::fill(track.begin() + first, track.begin() + std::max(first, frame_at(cue.end_seconds)), 1.0F);
  }
  return track;
}

/// How well a cue fits at each offset of the grid: the seconds that it has in common with a stretch of speech
/// over the longer one of the two, so that a stretch much longer or shorter is worth little.
class CueRatings {
 public:
  CueRatings(std::span<const TimeSpan> spans, double step_seconds, double search_seconds)
      : spans_(spans), step_(step_seconds), reach_(static_cast<int64_t>(search_seconds / step_seconds)) {}

  int64_t count() const { return 2 * reach_ + 1; }
  double offset(int64_t k) const { return static_cast<double>(k - reach_) * step_; }

  /// Adds to `ratings`, one for each offset.
  void add(const TimeSpan& cue, double slope, std::span<float> ratings) const {
    const double start = slope * cue.start_seconds;
    const double end = slope * cue.end_seconds;
    for (const TimeSpan& span : spans_) {
      // Offsets at which the two touch.
      const auto first = static_cast<int64_t>(std::ceil((span.start_seconds - end) / step_)) + reach_;
      const auto last = static_cast<int64_t>(std::floor((span.end_seconds - start) / step_)) + reach_;
      const double longer = std::max({end - start, span.end_seconds - span.start_seconds, step_});
      for (int64_t k = std::max<int64_t>(first, 0); k <= std::min(last, count() - 1); ++k) {
        const double both =
            std::min(end + offset(k), span.end_seconds) - std::max(start + offset(k), span.start_seconds);
        ratings[static_cast<size_t>(k)] += static_cast<float>(std::max(both, 0.0) / longer);
      }
    }
  }

 private:
  std::span<const TimeSpan> spans_;
  double step_;
  int64_t reach_;
};

/// Of equal ones the nearest to the middle of the grid, where nothing is moved.
int64_t best_of(std::span<const float> sums) {
  const int64_t middle = std::ssize(sums) / 2;
  int64_t best = middle;
  for (int64_t k = 0; k < std::ssize(sums); ++k) {
    const float sum = sums[static_cast<size_t>(k)];
    const float most = sums[static_cast<size_t>(best)];
    if (sum > most || (sum == most && std::abs(k - middle) < std::abs(best - middle))) best = k;
  }
  return best;
}

double best_slope(const CueRatings& ratings, std::span<const TimeSpan> cues) {
  double best = 1.0;
  float most = -1.0F;
  for (const double slope : slopes()) {
    std::vector<float> sums(static_cast<size_t>(ratings.count()), 0.0F);
    for (const TimeSpan& cue : cues) ratings.add(cue, slope, sums);
    const float sum = *std::ranges::max_element(sums);
    if (sum <= most) continue;
    most = sum;
    best = slope;
  }
  return best;
}

}  // namespace

ReferenceSync correlation_sync(const SpeechTrack& track, std::span<const TimeSpan> cues,
                               const ReferenceSyncOptions& options) {
  ReferenceSync best{.slope = 1.0, .offsets_seconds = std::vector<double>(cues.size(), 0.0)};
  if (cues.empty() || track.speech.empty()) return best;
  std::vector<float> heard;
  for (const uint8_t speech : track.speech) heard.push_back(speech != 0 ? 1.0F : -1.0F);
  const auto reach = static_cast<int64_t>(options.search_seconds / track.frame_seconds);
  float most = 0.0F;
  bool first = true;
  for (const double slope : slopes()) {
    const std::vector<float> agreement =
        cross_correlation(heard, on_and_off(cues, slope, track.frame_seconds), -reach, reach);
    const int64_t at = best_of(agreement);
    if (!first && agreement[static_cast<size_t>(at)] <= most) continue;
    first = false;
    most = agreement[static_cast<size_t>(at)];
    best.slope = slope;
    best.offsets_seconds.assign(cues.size(), static_cast<double>(at - reach) * track.frame_seconds);
  }
  return best;
}

ReferenceSync split_sync(const SpeechTrack& track, std::span<const TimeSpan> cues,
                         const ReferenceSyncOptions& options) {
  ReferenceSync found{.slope = 1.0, .offsets_seconds = std::vector<double>(cues.size(), 0.0)};
  const std::vector<TimeSpan> spans = speech_spans(track, kBridgedSeconds, kLeastSpanSeconds);
  if (cues.empty() || spans.empty()) return found;
  const CueRatings ratings(spans, track.frame_seconds, options.search_seconds);
  found.slope = best_slope(ratings, cues);

  const auto count = static_cast<size_t>(ratings.count());
  const auto penalty = static_cast<float>(options.split_cues);
  std::vector<float> sums(count, 0.0F);
  std::vector<float> ratings_here(count);
  std::vector<std::vector<bool>> split(cues.size(), std::vector<bool>(count, false));
  std::vector<int64_t> best_before(cues.size(), 0);
  for (size_t i = 0; i < cues.size(); ++i) {
    best_before[i] = best_of(sums);
    const float other = sums[static_cast<size_t>(best_before[i])] - penalty;
    std::ranges::fill(ratings_here, 0.0F);
    ratings.add(cues[i], found.slope, ratings_here);
    for (size_t k = 0; k < count; ++k) {
      split[i][k] = i > 0 && other > sums[k];
      sums[k] = (split[i][k] ? other : sums[k]) + ratings_here[k];
    }
  }
  int64_t k = best_of(sums);
  for (size_t i = cues.size(); i-- > 0;) {
    found.offsets_seconds[i] = ratings.offset(k);
    if (split[i][static_cast<size_t>(k)]) k = best_before[i];
  }
  return found;
}

}  // namespace wav2vec
