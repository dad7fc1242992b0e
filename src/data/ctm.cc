#include "wav2vec/data/ctm.h"

#include <fmt/format.h>

#include <algorithm>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/text_lines.h"

namespace wav2vec {
namespace {

constexpr double kMaxSeconds = 1e7;

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

}  // namespace wav2vec
