#include "wav2vec/measure/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "wav2vec/core/error.h"
#include "wav2vec/core/rng.h"
#include "wav2vec/measure/quantile.h"

namespace wav2vec {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

void add(GroupCounts& sum, const GroupCounts& group) {
  sum.errors += group.errors;
  sum.total += group.total;
}

double rate(const GroupCounts& counts) {
  return counts.total > 0.0 ? counts.errors / counts.total : kUnknown;
}

double reduction(double baseline, double system) {
  return baseline > 0.0 ? 1.0 - system / baseline : kUnknown;
}

/// Resamples without a value are left out.
Interval percentile_interval(double value, std::vector<double> draws, double coverage) {
  std::erase_if(draws, [](double draw) { return !std::isfinite(draw); });
  if (draws.empty()) return {value, kUnknown, kUnknown};
  std::sort(draws.begin(), draws.end());
  const double tail = (1.0 - coverage) / 2.0;
  return {value, quantile(draws, tail), quantile(draws, 1.0 - tail)};
}

/// Calls use(draw of each group) for every resample.
template <class Use>
void resample(size_t groups, const BootstrapOptions& options, Use&& use) {
  W2V_CHECK(options.resamples > 0 && options.coverage > 0.0 && options.coverage < 1.0, "bootstrap options");
  if (groups < 2) return;
  std::vector<size_t> drawn(groups);
  for (int64_t i = 0; i < options.resamples; ++i) {
    const RandomStream random(options.seed, RandomUse::bootstrap, {static_cast<uint64_t>(i)});
    for (size_t g = 0; g < groups; ++g) drawn[g] = random.below(g, groups);
    use(drawn);
  }
}

GroupCounts sum_of(std::span<const GroupCounts> groups) {
  GroupCounts sum;
  for (const GroupCounts& group : groups) add(sum, group);
  return sum;
}

GroupCounts sum_of(std::span<const GroupCounts> groups, const std::vector<size_t>& drawn) {
  GroupCounts sum;
  for (const size_t g : drawn) add(sum, groups[g]);
  return sum;
}

}  // namespace

std::vector<GroupCounts> sum_by_group(std::span<const std::string> group_of,
                                      std::span<const ErrorCounts> counts) {
  W2V_CHECK(group_of.size() == counts.size(), "one group for every utterance");
  std::map<std::string, GroupCounts> sums;
  for (size_t i = 0; i < counts.size(); ++i)
    add(sums[group_of[i]],
        {static_cast<double>(counts[i].errors()), static_cast<double>(counts[i].reference)});
  std::vector<GroupCounts> groups;
  for (const auto& [name, sum] : sums) groups.push_back(sum);
  return groups;
}

Interval bootstrap_rate(std::span<const GroupCounts> groups, const BootstrapOptions& options) {
  std::vector<double> draws;
  resample(groups.size(), options, [&](const auto& drawn) { draws.push_back(rate(sum_of(groups, drawn))); });
  return percentile_interval(rate(sum_of(groups)), std::move(draws), options.coverage);
}

Comparison bootstrap_comparison(std::span<const GroupCounts> baseline, std::span<const GroupCounts> system,
                                const BootstrapOptions& options) {
  W2V_CHECK(baseline.size() == system.size(), "two systems on the same groups");
  std::vector<double> differences;
  std::vector<double> reductions;
  int64_t better = 0;
  resample(baseline.size(), options, [&](const auto& drawn) {
    const double before = rate(sum_of(baseline, drawn));
    const double after = rate(sum_of(system, drawn));
    differences.push_back(after - before);
    reductions.push_back(reduction(before, after));
    better += after < before ? 1 : 0;
  });
  const double before = rate(sum_of(baseline));
  const double after = rate(sum_of(system));
  const double share =
      differences.empty() ? kUnknown : static_cast<double>(better) / static_cast<double>(differences.size());
  return {percentile_interval(after - before, std::move(differences), options.coverage),
          percentile_interval(reduction(before, after), std::move(reductions), options.coverage), share};
}

}  // namespace wav2vec
