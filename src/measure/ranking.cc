#include "wav2vec/measure/ranking.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "wav2vec/core/rng.h"
#include "wav2vec/measure/quantile.h"

namespace wav2vec {

double area_under_curve(std::span<const ScoredItem> items) {
  std::vector<std::pair<double, bool>> sorted;
  for (const ScoredItem& item : items) sorted.emplace_back(item.score, item.positive);
  std::ranges::sort(sorted);
  double below = 0.0;  // negatives so far
  double pairs = 0.0;
  double positives = 0.0;
  for (size_t i = 0; i < sorted.size();) {
    size_t end = i;
    double equal_positives = 0.0;
    while (end < sorted.size() && sorted[end].first == sorted[i].first)
      equal_positives += sorted[end++].second ? 1.0 : 0.0;
    const double equal_negatives = static_cast<double>(end - i) - equal_positives;
    pairs += equal_positives * (below + 0.5 * equal_negatives);
    positives += equal_positives;
    below += equal_negatives;
    i = end;
  }
  return pairs / (positives * below);
}

Interval bootstrap_area_under_curve(std::span<const ScoredItem> items, const BootstrapOptions& options) {
  Interval interval{.value = area_under_curve(items)};
  interval.low = interval.high = std::numeric_limits<double>::quiet_NaN();
  std::map<std::string, std::vector<ScoredItem>> by_group;
  for (const ScoredItem& item : items) by_group[item.group].push_back(item);
  if (by_group.size() < 2 || !std::isfinite(interval.value)) return interval;
  std::vector<const std::vector<ScoredItem>*> groups;
  for (const auto& [name, group] : by_group) groups.push_back(&group);
  std::vector<double> values;
  std::vector<ScoredItem> drawn;
  for (int64_t r = 0; r < options.resamples; ++r) {
    const RandomStream random(options.seed, RandomUse::bootstrap, {static_cast<uint64_t>(r)});
    drawn.clear();
    for (size_t g = 0; g < groups.size(); ++g) {
      const auto& group = *groups[random.below(g, groups.size())];
      drawn.insert(drawn.end(), group.begin(), group.end());
    }
    const double value = area_under_curve(drawn);
    if (std::isfinite(value)) values.push_back(value);
  }
  if (values.empty()) return interval;
  std::ranges::sort(values);
  interval.low = quantile(values, (1.0 - options.coverage) / 2.0);
  interval.high = quantile(values, (1.0 + options.coverage) / 2.0);
  return interval;
}

double recall_at_false_alarms(std::span<const ScoredItem> items, int64_t false_alarms) {
  std::vector<double> positives;
  std::vector<double> negatives;
  for (const ScoredItem& item : items) (item.positive ? positives : negatives).push_back(item.score);
  std::ranges::sort(positives);
  // Whoever stops below the first positive that may not be an alarm has at most as many as may.
  const double limit = false_alarms < std::ssize(positives)
                           ? positives[static_cast<size_t>(std::max<int64_t>(false_alarms, 0))]
                           : std::numeric_limits<double>::infinity();
  const auto found = std::ranges::count_if(negatives, [&](double score) { return score < limit; });
  return static_cast<double>(found) / static_cast<double>(negatives.size());
}

double calibration_error(std::span<const ScoredItem> items, int bins) {
  std::vector<double> probabilities(static_cast<size_t>(bins), 0.0);
  std::vector<double> positives(probabilities.size(), 0.0);
  for (const ScoredItem& item : items) {
    const auto bin = static_cast<size_t>(std::clamp(static_cast<int>(item.score * bins), 0, bins - 1));
    probabilities[bin] += item.score;
    positives[bin] += item.positive ? 1.0 : 0.0;
  }
  double sum = 0.0;
  for (size_t b = 0; b < probabilities.size(); ++b) sum += std::abs(probabilities[b] - positives[b]);
  return sum / static_cast<double>(items.size());
}

}  // namespace wav2vec
