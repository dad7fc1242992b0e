#include "wav2vec/align/naive_times.h"

#include <algorithm>
#include <cmath>

namespace wav2vec {

std::vector<TimeSpan> uniform_times(std::span<const TokenWord> words, int64_t tokens, const TimeSpan& span) {
  const double each =
      (span.end_seconds - span.start_seconds) / static_cast<double>(std::max<int64_t>(tokens, 1));
  std::vector<TimeSpan> times;
  for (const TokenWord& word : words) {
    times.push_back({span.start_seconds + each * static_cast<double>(word.begin),
                     span.start_seconds + each * static_cast<double>(word.end)});
  }
  return times;
}

TimeSpan loud_span(std::span<const double> powers, double frame_seconds) {
  constexpr double kLoudShare = 3.2e-4;  // −35 dB
  if (powers.empty()) return {};
  const double least = kLoudShare * *std::ranges::max_element(powers);
  const auto first = std::ranges::find_if(powers, [&](double p) { return p >= least; }) - powers.begin();
  auto last = std::ssize(powers) - 1;
  while (last > first && powers[static_cast<size_t>(last)] < least) --last;
  return {static_cast<double>(first) * frame_seconds, static_cast<double>(last + 1) * frame_seconds};
}

std::vector<TimeSpan> snapped_times(std::vector<TimeSpan> words, std::span<const double> powers,
                                    double frame_seconds, double reach_seconds) {
  if (powers.empty()) return words;
  const auto snapped = [&](double seconds) {
    const auto frame = [&](double s) {
      return std::clamp<int64_t>(static_cast<int64_t>(std::floor(s / frame_seconds)), 0,
                                 std::ssize(powers) - 1);
    };
    int64_t best = frame(seconds);
    for (int64_t t = frame(seconds - reach_seconds); t <= frame(seconds + reach_seconds); ++t) {
      if (powers[static_cast<size_t>(t)] < powers[static_cast<size_t>(best)]) best = t;
    }
    return (static_cast<double>(best) + 0.5) * frame_seconds;
  };
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) words[i].start_seconds = snapped(words[i].start_seconds);
    if (i + 1 < words.size()) words[i].end_seconds = snapped(words[i].end_seconds);
  }
  return words;
}

}  // namespace wav2vec
