#include "wav2vec/data/frame_labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "wav2vec/core/error.h"
#include "wav2vec/measure/text_units.h"

namespace wav2vec {
namespace {

constexpr size_t kMaxClasses = 100000;
bool is_in(std::span<const std::string> list, std::string_view label) {
  return std::find(list.begin(), list.end(), label) != list.end();
}

}  // namespace

int32_t LabelClasses::index_of(std::string_view label) const {
  const auto at = std::lower_bound(names.begin(), names.end(), label);
  return at != names.end() && *at == label ? static_cast<int32_t>(at - names.begin()) : -1;
}

LabelClasses label_classes(const Alignment& alignment, std::span<const std::string> ignored) {
  std::set<std::string> names;
  for (const auto& [utterance, labels] : alignment.utterances) {
    for (const TimedLabel& label : labels) {
      if (!is_in(ignored, label.label)) names.insert(label.label);
    }
    if (names.size() > kMaxClasses)
      throw DataError(fmt::format("more than {} different labels; are these classes?", kMaxClasses));
  }
  return {{names.begin(), names.end()}};
}

std::vector<int32_t> frame_labels(std::span<const TimedLabel> labels, const LabelClasses& classes,
                                  const FrameTimes& times, int64_t frames) {
  W2V_CHECK(times.hop_seconds > 0.0, "the hop of frames is positive");
  std::vector<int32_t> out(static_cast<size_t>(frames), -1);
  const auto frame_at = [&](double seconds) {
    return std::clamp<int64_t>(times.frame_at(seconds), 0, frames);
  };
  for (const TimedLabel& label : labels) {
    const int32_t index = classes.index_of(label.label);
    const int64_t end = frame_at(label.end_seconds());
    for (int64_t t = frame_at(label.start_seconds); t < end; ++t) out[static_cast<size_t>(t)] = index;
  }
  return out;
}

std::vector<TimedLabel> spread_over_characters(std::span<const TimedLabel> labels,
                                               std::span<const std::string> whole) {
  std::vector<TimedLabel> spread;
  for (const TimedLabel& label : labels) {
    if (is_in(whole, label.label)) {
      spread.push_back(label);
      continue;
    }
    const std::vector<std::string> characters = split_characters(label.label);
    const double share = label.duration_seconds / static_cast<double>(characters.size());
    for (size_t i = 0; i < characters.size(); ++i)
      spread.push_back(
          {label.start_seconds + static_cast<double>(i) * share, share, characters[i], label.posterior});
  }
  return spread;
}

Alignment spread_over_characters(const Alignment& alignment, std::span<const std::string> whole) {
  Alignment spread;
  for (const auto& [utterance, labels] : alignment.utterances)
    spread.utterances[utterance] = spread_over_characters(labels, whole);
  return spread;
}

}  // namespace wav2vec
