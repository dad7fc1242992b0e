#include "wav2vec/align/word_times.h"

#include <algorithm>

#include "wav2vec/core/error.h"
#include "wav2vec/text/token_set.h"

namespace wav2vec {
namespace {

double score_of(const Similarity& similarity, int64_t frame, int64_t letter) {
  return letter == kAnySound ? 0.0 : similarity.at(frame, letter);
}

// Where, between the centres of frames t − 1 and t, the sound of `before` gives way to that of `after`; 0.5
// halfway.
double crossing(const Similarity& similarity, int64_t t, int64_t before, int64_t after) {
  const double left = score_of(similarity, t - 1, before) - score_of(similarity, t - 1, after);
  const double right = score_of(similarity, t, before) - score_of(similarity, t, after);
  // The path decides between frames, the lines only within: without a crossing here, halfway.
  if (!(left > 0.0 && right < 0.0)) return 0.5;
  return left / (left - right);
}

}  // namespace

std::vector<TokenWord> words_of(std::span<const int> tokens) {
  std::vector<TokenWord> words;
  for (int64_t i = 0; i < std::ssize(tokens); ++i) {
    if (tokens[static_cast<size_t>(i)] == kGapToken) continue;
    if (i == 0 || tokens[static_cast<size_t>(i - 1)] == kGapToken) words.push_back({i, i});
    words.back().end = i + 1;
  }
  return words;
}

std::vector<TimeSpan> letter_times(const Similarity& similarity, std::span<const ChainState> chain,
                                   std::span<const int64_t> path, const FrameTimes& frame_times) {
  std::vector<TimeSpan> times(static_cast<size_t>(similarity.letters));
  const auto letter = [&](int64_t s) { return chain[static_cast<size_t>(s)].letter; };
  const auto span_of = [&](int64_t s) -> TimeSpan* {
    return letter(s) == kAnySound ? nullptr : &times[static_cast<size_t>(letter(s))];
  };
  const auto pass_by = [&](int64_t first, int64_t end, double seconds) {
    for (int64_t s = first; s < end; ++s) {
      if (TimeSpan* span = span_of(s)) *span = {seconds, seconds};
    }
  };
  if (path.empty()) return times;
  const double half = 0.5 * frame_times.hop_seconds;
  double boundary = frame_times.center(0) - half;
  int64_t before = -1;  // the state of the frame before
  for (int64_t t = 0; t < std::ssize(path); ++t) {
    const int64_t s = path[static_cast<size_t>(t)];
    if (s == before) continue;
    if (t > 0) {
      boundary = frame_times.center(t - 1) +
                 crossing(similarity, t, letter(before), letter(s)) * frame_times.hop_seconds;
      if (TimeSpan* span = span_of(before)) span->end_seconds = boundary;
    }
    pass_by(before + 1, s, boundary);
    if (TimeSpan* span = span_of(s)) span->start_seconds = boundary;
    before = s;
  }
  boundary = frame_times.center(std::ssize(path) - 1) + half;
  if (TimeSpan* span = span_of(before)) span->end_seconds = boundary;
  pass_by(before + 1, std::ssize(chain), boundary);
  return times;
}

std::vector<TimeSpan> word_times(std::span<const TimeSpan> letters, std::span<const TokenWord> words) {
  std::vector<TimeSpan> times;
  for (const TokenWord& word : words) {
    W2V_CHECK(word.begin < word.end && word.end <= std::ssize(letters), "words of these letters");
    times.push_back({letters[static_cast<size_t>(word.begin)].start_seconds,
                     letters[static_cast<size_t>(word.end - 1)].end_seconds});
  }
  return times;
}

}  // namespace wav2vec
