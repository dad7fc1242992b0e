#include "check/corrupted_times.h"

#include <algorithm>
#include <cmath>

namespace wav2vec {
namespace {

// What nobody sees is not wrong.
constexpr double kSeenSeconds = 0.1;
constexpr double kCharactersPerSecond = 14.0;
constexpr double kPauseSeconds = 0.8;

/// The middle of the gap between two cues that is nearest.
double nearest_gap(std::span<const CheckedText> cues, double seconds) {
  double best = seconds;
  double distance = -1.0;
  for (size_t i = 0; i + 1 < cues.size(); ++i) {
    const double middle = 0.5 * (cues[i].end_seconds + cues[i + 1].start_seconds);
    if (distance >= 0.0 && std::abs(middle - seconds) >= distance) continue;
    distance = std::abs(middle - seconds);
    best = middle;
  }
  return best;
}

}  // namespace

CorruptedSubtitle empty_subtitle(std::string name, FileState expected, double end_seconds) {
  CorruptedSubtitle subtitle;
  subtitle.kind = name.substr(0, name.find(' '));
  subtitle.name = std::move(name);
  subtitle.expected = expected;
  subtitle.segments = {{.until_seconds = end_seconds}};
  return subtitle;
}

CorruptedSubtitle untouched(std::string name, std::span<const CheckedText> cues) {
  return stretched(std::move(name), cues, 1.0, 0.0);
}

CorruptedSubtitle stretched(std::string name, std::span<const CheckedText> cues, double slope, double shift,
                            std::string_view ratio) {
  const double end = cues.back().end_seconds;
  const double most = std::max(std::abs(shift), std::abs(slope * end + shift - end));
  const FileState expected = most <= kSeenSeconds ? FileState::ok
                             : slope == 1.0       ? FileState::offset
                                                  : FileState::drift;
  CorruptedSubtitle out = empty_subtitle(std::move(name), expected, slope * end + shift);
  out.segments[0].slope = 1.0 / slope;
  out.segments[0].offset_seconds = -shift / slope;
  out.ratio = ratio;
  for (const CheckedText& cue : cues) {
    const double start = slope * cue.start_seconds + shift;
    if (start < 0.0) continue;
    out.cues.push_back({start, slope * cue.end_seconds + shift, cue.text});
    out.truth.push_back({.start_seconds = cue.start_seconds});
  }
  return out;
}

void add_unspoken(CorruptedSubtitle& subtitle, double from_seconds, double until_seconds, TextPool& pool,
                  const RandomStream& random) {
  Draws draws(random);
  double start = from_seconds + 0.5 * kPauseSeconds;
  while (true) {
    const auto count = static_cast<size_t>(draws.between(15.0, 60.0));
    const std::string text = pool.like(count, "", start, static_cast<size_t>(draws.below(1000)));
    const double end = start + static_cast<double>(characters(text)) / kCharactersPerSecond;
    if (text.empty() || end + 0.25 * kPauseSeconds > until_seconds) return;
    subtitle.cues.push_back({start, end, text});
    subtitle.truth.push_back({.text = TextTruth::not_spoken, .touched = true});
    start = end + kPauseSeconds;
  }
}

CorruptedSubtitle edited(std::string name, std::span<const CheckedText> cues, std::span<const Edit> edits,
                         TextPool& pool, const RandomStream& random) {
  CorruptedSubtitle out = empty_subtitle(std::move(name), FileState::cut, 0.0);
  out.segments.clear();
  double later = 0.0;  // by which the subtitle is behind the audio
  double from = 0.0;   // in the audio
  size_t next = 0;
  const auto show_until = [&](double until) {
    if (until <= 0.0) return;
    out.segments.push_back({from + later, until + later, 1.0, -later});
    for (; next < cues.size() && cues[next].start_seconds < until; ++next) {
      if (cues[next].start_seconds < from) continue;
      out.cues.push_back({cues[next].start_seconds + later, cues[next].end_seconds + later, cues[next].text});
      out.truth.push_back({.start_seconds = cues[next].start_seconds});
    }
  };
  for (const Edit& edit : edits) {
    const double at = edit.audio_seconds > 0.0 ? nearest_gap(cues, edit.audio_seconds) : 0.0;
    show_until(at);
    if (edit.seconds > 0.0) add_unspoken(out, at + later, at + later + edit.seconds, pool, random);
    from = at + std::max(0.0, -edit.seconds);
    later += edit.seconds;
  }
  show_until(std::max(cues.back().end_seconds, from) + 1.0);
  if (out.segments.size() == 1) {
    const bool moves = out.segments[0].offset_seconds != 0.0;
    out.expected = moves ? FileState::offset : FileState::ok;
  }
  return out;
}

CorruptedSubtitle retouched(std::string name, std::span<const CheckedText> cues,
                            const std::function<void(CheckedText&)>& change) {
  CorruptedSubtitle out = untouched(std::move(name), cues);
  for (CheckedText& cue : out.cues) {
    change(cue);
    cue.start_seconds = std::max(0.0, cue.start_seconds);
    cue.end_seconds = std::max(cue.start_seconds + 0.05, cue.end_seconds);
  }
  return out;
}

std::vector<CheckedText> loosened(std::span<const CheckedText> cues, uint64_t seed) {
  Draws draws(RandomStream(seed, RandomUse::programme, {7}));
  std::vector<CheckedText> out;
  for (const CheckedText& cue : cues) {
    const double start = std::max(0.0, cue.start_seconds + 0.12 * draws.normal());
    const double end = cue.end_seconds + 0.2 + draws.uniform();
    out.push_back({start, std::max(start + 0.05, end), cue.text});
  }
  return out;
}

CorruptedSubtitle loose(std::string name, std::span<const CheckedText> cues, uint64_t seed) {
  CorruptedSubtitle out = empty_subtitle(std::move(name), FileState::ok, cues.back().end_seconds);
  const RandomStream random(seed, RandomUse::programme, {8});
  const std::vector<CheckedText> loose_cues = loosened(cues, seed);
  for (size_t i = 0; i < cues.size(); ++i) {
    if (random.uniform(i) < 0.15) continue;
    out.cues.push_back(loose_cues[i]);
    out.truth.push_back({.start_seconds = cues[i].start_seconds});
  }
  return out;
}

}  // namespace wav2vec
