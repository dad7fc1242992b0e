#include "wav2vec/probe/frame_labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/text_lines.h"
#include "wav2vec/probe/text_units.h"

namespace wav2vec {
namespace {

constexpr double kMaxSeconds = 1e7;
constexpr size_t kMaxClasses = 100000;
// A label's times and a frame's centre come to the same instant by different sums.
constexpr double kRoundingSeconds = 1e-6;

/// "a/b.wav" → "a/b". "a.1" stays: that is a number, no extension.
std::string_view without_extension(std::string_view path) {
  const size_t dot = path.rfind('.');
  const size_t slash = path.rfind('/');
  if (dot == std::string_view::npos || dot == 0 || (slash != std::string_view::npos && dot <= slash + 1))
    return path;
  const bool number = path.find_first_not_of("0123456789", dot + 1) == std::string_view::npos;
  return number ? path : path.substr(0, dot);
}

bool parse_time(std::string_view text, double& seconds) {
  return parse_seconds(text, seconds) && seconds >= 0.0 && seconds <= kMaxSeconds;
}

TimedLabel parse_label(std::string_view fields, const TextLines& lines) {
  const auto [start, after_start] = split_word(fields);
  const auto [duration, after_duration] = split_word(after_start);
  const auto [label, after_label] = split_word(after_duration);
  TimedLabel parsed;
  if (label.empty())
    lines.fail("expected \"utterance channel start duration label\", found fewer than five fields");
  if (!parse_time(start, parsed.start_seconds) || !parse_time(duration, parsed.duration_seconds))
    lines.fail(fmt::format("expected a start and a duration from 0 to 1e7 s, found \"{}\" and \"{}\"",
                           printable(start), printable(duration)));
  parsed.label = label;
  const std::string_view posterior = split_word(after_label).word;
  if (!posterior.empty() && posterior != "NA" && !parse_seconds(posterior, parsed.posterior))
    lines.fail(fmt::format("expected a posterior after the label, found \"{}\"", printable(posterior)));
  return parsed;
}

bool is_in(std::span<const std::string> list, std::string_view label) {
  return std::find(list.begin(), list.end(), label) != list.end();
}

}  // namespace

const std::vector<TimedLabel>* Alignment::find(std::string_view utterance) const {
  auto at = utterances.find(utterance);
  if (at == utterances.end()) at = utterances.find(without_extension(utterance));
  if (at != utterances.end()) return &at->second;
  const std::string beginning = std::string(utterance) + ".";
  const std::vector<TimedLabel>* found = nullptr;
  for (at = utterances.lower_bound(beginning); at != utterances.end() && at->first.starts_with(beginning);
       ++at) {
    if (without_extension(at->first) != utterance) continue;
    if (found != nullptr) return nullptr;
    found = &at->second;
  }
  return found;
}

Alignment read_ctm(const std::filesystem::path& path) {
  Alignment alignment;
  std::map<std::string, std::string, std::less<>> channels;
  TextLines lines(path.string(), uint64_t{1} << 30);
  std::string_view line;
  while (lines.next(line)) {
    const auto [utterance, after_utterance] = split_word(line);
    if (utterance.starts_with(";;")) continue;
    const auto [channel, times] = split_word(after_utterance);
    TimedLabel label = parse_label(times, lines);
    const auto first = channels.try_emplace(std::string(utterance), channel).first;
    if (first->second != channel)
      lines.fail(fmt::format("\"{}\" has a channel \"{}\" and a channel \"{}\"; give one CTM per channel",
                             printable(utterance), printable(first->second), printable(channel)));
    alignment.utterances[first->first].push_back(std::move(label));
  }
  if (alignment.utterances.empty())
    throw DataError(fmt::format("{}: no labels; expected lines \"utterance channel start duration label\"",
                                printable(path.string())));
  for (auto& [name, labels] : alignment.utterances) {
    std::stable_sort(labels.begin(), labels.end(), [](const TimedLabel& a, const TimedLabel& b) {
      return a.start_seconds < b.start_seconds;
    });
  }
  return alignment;
}

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
  // The first frame whose centre is not before this time, within [0, frames].
  const auto frame_at = [&](double seconds) {
    const double frame =
        std::ceil((seconds - kRoundingSeconds - times.first_frame_center_seconds) / times.hop_seconds);
    return static_cast<int64_t>(std::clamp(frame, 0.0, static_cast<double>(frames)));
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
