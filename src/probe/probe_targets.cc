#include "wav2vec/probe/probe_targets.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "wav2vec/core/error.h"
#include "wav2vec/measure/text_units.h"

namespace wav2vec {
namespace {

std::string folded(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::vector<std::string> units_of(const ProbeRecipe& recipe, const Utterance& utterance,
                                  const Lexicon* lexicon) {
  switch (recipe.probe.task) {
    case ProbeTask::speaker:
      return utterance.speaker.empty() ? std::vector<std::string>{}
                                       : std::vector<std::string>{utterance.speaker};
    case ProbeTask::keyword:
      return utterance.text.empty() ? std::vector<std::string>{} : std::vector<std::string>{utterance.text};
    case ProbeTask::phone_ctc: {
      PhoneTargets targets = phones_of(*lexicon, utterance.text);
      return targets.unknown_words.empty() ? std::move(targets.phones) : std::vector<std::string>{};
    }
    default:
      return split_characters(recipe.data.lower_case ? folded(utterance.text) : utterance.text);
  }
}

std::string joined(ProbeTask task, std::span<const std::string> units) {
  std::string text;
  for (const std::string& unit : units) {
    if (task == ProbeTask::phone_ctc && !text.empty()) text += ' ';
    text += unit;
  }
  return text;
}

}  // namespace

ProbeTargets utterance_targets(const ProbeRecipe& recipe, std::span<const Utterance> utterances,
                               const Lexicon* lexicon) {
  const ProbeTask task = recipe.probe.task;
  ProbeTargets targets;
  std::vector<std::vector<std::string>> units;
  std::set<std::string> names;
  for (const Utterance& utterance : utterances) {
    units.push_back(units_of(recipe, utterance, lexicon));
    names.insert(units.back().begin(), units.back().end());
  }
  if (is_ctc(task)) targets.classes.emplace_back();
  targets.classes.insert(targets.classes.end(), names.begin(), names.end());
  std::map<std::string, int32_t> index;
  for (size_t i = 0; i < targets.classes.size(); ++i) index[targets.classes[i]] = static_cast<int32_t>(i);
  for (const std::vector<std::string>& sequence : units) {
    std::vector<int32_t>& labels = targets.labels.emplace_back();
    for (const std::string& unit : sequence) labels.push_back(index.at(unit));
    if (labels.empty()) ++targets.unlabelled;
    targets.texts.push_back(joined(task, sequence));
  }
  return targets;
}

Alignment probe_alignment(const ProbeRecipe& recipe) {
  Alignment alignment = read_ctm(recipe.data.labels);
  const std::vector<std::string>& ignored = recipe.data.ignored_labels;
  for (auto& [id, labels] : alignment.utterances) {
    std::erase_if(labels, [&](const TimedLabel& label) {
      return std::ranges::find(ignored, label.label) != ignored.end();
    });
    if (recipe.probe.task != ProbeTask::character_frames || !recipe.data.lower_case) continue;
    for (TimedLabel& label : labels) label.label = folded(std::move(label.label));
  }
  if (recipe.probe.task == ProbeTask::character_frames) alignment = spread_over_characters(alignment);
  const double longest = recipe.data.longest_label_seconds;
  for (auto& [id, labels] : alignment.utterances) {
    std::erase_if(labels,
                  [&](const TimedLabel& label) { return longest > 0.0 && label.duration_seconds > longest; });
  }
  return alignment;
}

Alignment labels_of(const Alignment& alignment, std::span<const Utterance> utterances) {
  Alignment found;
  for (const Utterance& utterance : utterances) {
    const std::vector<TimedLabel>* labels = alignment.find(utterance.id);
    if (labels != nullptr) found.utterances[utterance.id] = *labels;
  }
  return found;
}

ProbeTargets frame_targets(const Alignment& alignment, std::span<const Utterance> utterances,
                           const FrameTimes& times, std::span<const int64_t> frames) {
  const LabelClasses classes = label_classes(alignment);
  ProbeTargets targets{.classes = classes.names};
  for (size_t u = 0; u < utterances.size(); ++u) {
    std::vector<int32_t>& labels = targets.labels.emplace_back();
    const std::vector<TimedLabel>* timed = alignment.find(utterances[u].id);
    if (timed != nullptr && !timed->empty() && frames[u] > 0)
      labels = frame_labels(*timed, classes, times, frames[u]);
    if (std::ranges::none_of(labels, [](int32_t label) { return label >= 0; })) {
      labels.clear();
      ++targets.unlabelled;
    }
  }
  return targets;
}

std::string text_of(ProbeTask task, const ProbeTargets& targets, std::span<const int32_t> labels) {
  std::vector<std::string> units;
  for (const int32_t label : labels) units.push_back(targets.classes[static_cast<size_t>(label)]);
  return joined(task, units);
}

}  // namespace wav2vec
