#include "wav2vec/head/boundary_errors.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>

#include "wav2vec/head/spoken_text.h"
#include "wav2vec/measure/quantile.h"
#include "wav2vec/text/text_reader.h"

namespace wav2vec {
namespace {

// Draws from fewer say little of how much others would differ.
constexpr int64_t kFewestGroups = 5;

// "Don't," and "DON'T" are one word.
std::string folded(std::string_view word) {
  std::string out;
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '\'' || byte >= 0x80) out += static_cast<char>(std::tolower(byte));
  }
  return out;
}

/// Words as they are written, and as they are read: one side may have "Dr.", the other "doctor".
class SameWords {
 public:
  bool operator()(const TimedLabel& a, const TimedLabel& b) const {
    if (folded(a.label) == folded(b.label)) return true;
    const std::string reading = read(a.label);
    return !reading.empty() && reading == read(b.label);
  }

 private:
  std::string read(const std::string& label) const { return default_reading(reader_.read(label)).text; }

  TextReader reader_{{.max_readings = 1, .invalid_utf8 = InvalidUtf8::replace}};
};

}  // namespace

BoundaryComparison compare_times(const Alignment& found, const Alignment& reference,
                                 const std::map<std::string, std::string>& group_of) {
  BoundaryComparison comparison;
  const SameWords same_words;
  for (const auto& [utterance, labels] : reference.utterances) {
    const std::vector<TimedLabel>* other = found.find(utterance);
    if (other == nullptr) {
      ++comparison.missing_utterances;
      continue;
    }
    const std::vector<TimedLabel> theirs = word_labels(labels);
    const std::vector<TimedLabel> ours = word_labels(*other);
    const bool same = std::ranges::equal(
        ours, theirs, [&](const TimedLabel& a, const TimedLabel& b) { return same_words(a, b); });
    if (!same) {
      ++comparison.different_words;
      continue;
    }
    ++comparison.utterances;
    const auto group = group_of.find(utterance);
    const std::string& name = group != group_of.end() && !group->second.empty() ? group->second : utterance;
    for (size_t i = 0; i < ours.size(); ++i) {
      comparison.errors.push_back({ours[i].start_seconds - theirs[i].start_seconds, false, name});
      comparison.errors.push_back({ours[i].end_seconds() - theirs[i].end_seconds(), true, name});
    }
  }
  return comparison;
}

BoundaryStatistics boundary_statistics(const BoundaryComparison& comparison, Boundaries which) {
  BoundaryStatistics statistics;
  std::vector<double> sizes;
  std::map<std::string, GroupCounts> groups;
  for (const BoundaryError& error : comparison.errors) {
    if ((which == Boundaries::starts && error.is_end) || (which == Boundaries::ends && !error.is_end))
      continue;
    sizes.push_back(std::abs(error.seconds));
    statistics.bias += error.seconds;
    GroupCounts& group = groups[error.group];
    group.errors += std::abs(error.seconds);
    group.total += 1.0;
  }
  std::ranges::sort(sizes);
  statistics.boundaries = std::ssize(sizes);
  if (sizes.empty()) return statistics;
  statistics.bias /= static_cast<double>(sizes.size());
  std::vector<GroupCounts> counts;
  for (const auto& [name, group] : groups) counts.push_back(group);
  statistics.groups = std::ssize(counts);
  statistics.mean = bootstrap_rate(counts);
  if (statistics.groups < kFewestGroups)
    statistics.mean.low = statistics.mean.high = std::numeric_limits<double>::quiet_NaN();
  statistics.median = quantile(sizes, 0.5);
  statistics.p90 = quantile(sizes, 0.9);
  statistics.p95 = quantile(sizes, 0.95);
  for (const double limit : kBoundaryLimits) {
    const auto within = std::ranges::upper_bound(sizes, limit + 1e-9) - sizes.begin();
    statistics.shares_within.push_back(static_cast<double>(within) / static_cast<double>(sizes.size()));
  }
  return statistics;
}

}  // namespace wav2vec
