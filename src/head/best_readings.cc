#include "head/best_readings.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "wav2vec/align/match_score.h"
#include "wav2vec/text/token_set.h"

namespace wav2vec {
namespace {

// How far from where the usual reading has it a word may stand: a reading that is too short or too long moves
// the words beside it, by about this for every token.
constexpr double kReachSeconds = 0.5;
constexpr double kReachPerToken = 0.1;
constexpr double kMostReachSeconds = 10.0;
// By which another reading must fit better than the usual one, in nats: right ones do by 0.4 and more.
constexpr double kUnusualNats = 0.2;

int64_t frame_before(double seconds, const LineFrames& frames, const FrameTimes& frame_times) {
  return std::clamp(frame_times.frame_at(seconds), frames.first, frames.end);
}

double reach_of(const TokenSegment& segment) {
  const auto [least, most] = std::ranges::minmax(
      segment.readings, {}, [](const TokenReading& reading) { return reading.tokens.size(); });
  return kReachSeconds + kReachPerToken * static_cast<double>(most.tokens.size() - least.tokens.size());
}

/// A segment of a line with its neighbours.
LineFrames around(std::span<const TimeSpan> words, size_t segment, double reach_seconds,
                  const LineFrames& frames, const FrameTimes& frame_times) {
  const TimeSpan& before = words[segment - std::min<size_t>(segment, 1)];
  const TimeSpan& behind = words[std::min(segment + 1, words.size() - 1)];
  const int64_t first = frame_before(before.start_seconds - reach_seconds, frames, frame_times);
  return {first, std::max(first, frame_before(behind.end_seconds + reach_seconds, frames, frame_times))};
}

/// How well the tokens of a path fit: by letter and not by frame, or long readings would win with the few
/// frames that they leave to letters that are not said.
double fit_of(const LaidTokens& laid, std::span<const int> tokens) {
  std::vector<double> letters = letter_similarities(laid.similarity, laid.chain, laid.path);
  const std::span<const double> inside = std::span(letters).subspan(1, tokens.size());
  return match_score(inside, tokens, 0, std::ssize(tokens)).similarity;
}

std::vector<int> tokens_around(const ReadLine& line, size_t segment, size_t reading,
                               std::span<const size_t> chosen) {
  std::vector<int> tokens;
  const size_t first = segment - std::min<size_t>(segment, 1);
  const size_t end = std::min(segment + 2, line.segments.size());
  for (size_t s = first; s < end; ++s) {
    if (!tokens.empty()) tokens.push_back(kGapToken);
    const size_t r = s == segment ? reading : chosen[s];
    std::ranges::copy(line.segments[s].readings[r].tokens, std::back_inserter(tokens));
  }
  return tokens;
}

}  // namespace

ReadLine read_line(std::vector<TokenSegment> segments) {
  std::erase_if(segments,
                [](const TokenSegment& segment) { return segment.readings.front().tokens.empty(); });
  ReadLine line{.segments = std::move(segments), .chosen = {}, .tokens = {}, .words = {}};
  std::vector<size_t> usual(line.segments.size(), 0);
  return in_readings(std::move(line), std::move(usual));
}

ReadLine in_readings(ReadLine line, std::vector<size_t> chosen) {
  line.chosen = std::move(chosen);
  line.tokens.clear();
  line.words.clear();
  for (size_t s = 0; s < line.segments.size(); ++s) {
    const std::vector<int>& tokens = line.segments[s].readings[line.chosen[s]].tokens;
    if (!line.tokens.empty()) line.tokens.push_back(kGapToken);
    const int64_t begin = std::ssize(line.tokens);
    std::ranges::copy(tokens, std::back_inserter(line.tokens));
    line.words.push_back({begin, std::ssize(line.tokens)});
  }
  return line;
}

std::vector<size_t> best_readings(const ReadLine& line, std::span<const TimeSpan> times,
                                  const LineFrames& frames, const RecordingScores& scores,
                                  const FrameTimes& frame_times, const LetterSounds& letter_sounds) {
  std::vector<size_t> chosen = line.chosen;
  const std::vector<TimeSpan> words = word_times(times, line.words);
  for (size_t s = 0; s < line.segments.size(); ++s) {
    const std::vector<TokenReading>& readings = line.segments[s].readings;
    if (readings.size() < 2) continue;
    const LineFrames part = around(words, s, reach_of(line.segments[s]), frames, frame_times);
    double best = -std::numeric_limits<double>::infinity();
    for (size_t r = 0; r < readings.size(); ++r) {
      if (readings[r].tokens.empty()) continue;
      const std::vector<int> tokens = tokens_around(line, s, r, chosen);
      const LaidTokens laid = lay(tokens, between_pauses(tokens), part, scores, letter_sounds);
      if (laid.path.empty()) continue;
      const double fit = fit_of(laid, tokens) - (r == 0 ? 0.0 : kUnusualNats);
      if (fit <= best) continue;
      best = fit;
      chosen[s] = r;
    }
  }
  return chosen;
}

LaidLine lay_again(const ReadLine& line, const ReadLine& before, std::span<const TimeSpan> times,
                   const LineFrames& frames, const RecordingScores& scores, const FrameTimes& frame_times,
                   const LetterSounds& letter_sounds) {
  double reach_seconds = 0.0;
  for (const TokenSegment& segment : before.segments) {
    if (segment.readings.size() > 1) reach_seconds += reach_of(segment);
  }
  reach_seconds = std::min(reach_seconds, kMostReachSeconds);
  LineFrames part;
  part.first = frame_before(times.front().start_seconds - reach_seconds, frames, frame_times);
  part.end =
      std::max(part.first, frame_before(times.back().end_seconds + reach_seconds, frames, frame_times));
  // Words stay near where they were found, which keeps long lines cheap.
  std::vector<ChainState> chain = between_pauses(line.tokens);
  const std::vector<TimeSpan> words = word_times(times, before.words);
  for (size_t w = 0; w < words.size(); ++w) {
    const int64_t first =
        frame_before(words[w].start_seconds - reach_seconds, part, frame_times) - part.first;
    const int64_t end = frame_before(words[w].end_seconds + reach_seconds, part, frame_times) - part.first;
    const bool is_last = w + 1 == words.size();
    for (int64_t i = line.words[w].begin; i < line.words[w].end + (is_last ? 0 : 1);
         ++i) {  // with the gap behind
      chain[state_of(i)].first_frame = first;
      chain[state_of(i)].end_frame = end;
    }
  }
  return laid_line(lay(line.tokens, std::move(chain), part, scores, letter_sounds), part, frame_times);
}

}  // namespace wav2vec
