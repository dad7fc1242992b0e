#include "wav2vec/check/corruption.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>

#include "wav2vec/core/draws.h"

namespace wav2vec {
namespace {

constexpr double kCutSeconds = 45.0;
constexpr double kInsertSeconds = 30.0;

CorruptedSubtitle moved(std::string name, FileState expected, std::span<const CheckedText> cues,
                        const std::function<double(double)>& when) {
  CorruptedSubtitle out{.name = std::move(name), .cues = {}, .true_starts_seconds = {}, .right_text = {}};
  out.expected = expected;
  for (const CheckedText& cue : cues) {
    const double start = when(cue.start_seconds);
    if (!(start >= 0.0)) continue;
    const double length = cue.end_seconds - cue.start_seconds;
    out.cues.push_back({start, start + length, cue.text});
    out.true_starts_seconds.push_back(cue.start_seconds);
    out.right_text.push_back(true);
  }
  return out;
}

CorruptedSubtitle loose(std::span<const CheckedText> cues, const RandomStream& random) {
  CorruptedSubtitle out{.name = "right, loose", .cues = {}, .true_starts_seconds = {}, .right_text = {}};
  Draws draws(random);
  for (const CheckedText& cue : cues) {
    const double jitter = 0.12 * draws.normal();
    const double held = 0.2 + draws.uniform();
    const bool missing = draws.uniform() < 0.15;
    if (missing) continue;
    out.cues.push_back({std::max(0.0, cue.start_seconds + jitter), cue.end_seconds + held, cue.text});
    out.true_starts_seconds.push_back(cue.start_seconds);
    out.right_text.push_back(true);
  }
  return out;
}

void exchange(CorruptedSubtitle& subtitle, size_t cue, std::span<const std::string> others) {
  std::string& text = subtitle.cues[cue].text;
  const auto distance = [&](const std::string& other) {
    return std::abs(static_cast<double>(other.size()) - static_cast<double>(text.size())) +
           (other == text ? 1e9 : 0.0);
  };
  // Each begins its search elsewhere, so that not all get the same.
  const std::string* best = nullptr;
  for (size_t k = 0; k < others.size(); ++k) {
    const std::string& other = others[(k + 7 * cue) % others.size()];
    if (best == nullptr || distance(other) < distance(*best)) best = &other;
  }
  if (best == nullptr || *best == text) return;
  text = *best;
  subtitle.right_text[cue] = false;
}

}  // namespace

std::vector<CorruptedSubtitle> corrupted_subtitles(std::span<const CheckedText> cues,
                                                   std::span<const std::string> others, uint64_t seed) {
  const RandomStream random(seed, RandomUse::programme, {5});
  const double middle = cues.empty() ? 0.0 : 0.5 * cues.back().end_seconds;
  const auto as_it_is = [](double seconds) { return seconds; };
  std::vector<CorruptedSubtitle> all;
  all.push_back(moved("right, exact", FileState::ok, cues, as_it_is));
  all.push_back(loose(cues, random));
  for (const double shift : {-30.0, -5.0, -2.0, -1.0, -0.5, -0.2, 0.2, 0.5, 1.0, 2.0, 5.0, 30.0}) {
    all.push_back(moved(fmt::format("shift {:+.1f} s", shift), FileState::offset, cues,
                        [&](double seconds) { return seconds + shift; }));
  }
  for (const FrameRateRatio& ratio : frame_rate_ratios()) {
    all.push_back(moved(fmt::format("rate {}", ratio.name), FileState::drift, cues,
                        [&](double seconds) { return ratio.slope * seconds; }));
  }
  all.push_back(moved("cut of 45 s", FileState::cut, cues,
                      [&](double seconds) { return seconds < middle ? seconds : seconds + kCutSeconds; }));
  all.push_back(moved("insert of 30 s", FileState::cut, cues, [&](double seconds) {
    return seconds < middle ? seconds : seconds < middle + kInsertSeconds ? -1.0 : seconds - kInsertSeconds;
  }));
  CorruptedSubtitle some = moved("wrong text in 10 %", FileState::ok, cues, as_it_is);
  for (size_t i = 0; i < some.cues.size(); ++i) {
    if (random.uniform(1'000'000 + i) < 0.1) exchange(some, i, others);
  }
  all.push_back(std::move(some));
  CorruptedSubtitle whole = moved("another programme", FileState::wrong_content, cues, as_it_is);
  for (size_t i = 0; i < whole.cues.size(); ++i) exchange(whole, i, others);
  all.push_back(std::move(whole));
  return all;
}

}  // namespace wav2vec
