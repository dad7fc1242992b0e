#include "wav2vec/align/word_times.h"

#include <algorithm>

#include "wav2vec/core/error.h"
#include "wav2vec/text/character_tokens.h"

namespace wav2vec {
namespace {

/// Frames [first, end) of a state; none where the path passes it by.
struct FrameSpan {
  int64_t first = 0;
  int64_t end = 0;
};

float score_of(const TokenScores& scores, int64_t frame, int32_t token) {
  return token == kAnyToken ? scores.best(frame) : scores.row(frame)[token];
}

// Where, between the centres of frames t − 1 and t, the sound of `before` gives way to that of `after`; 0.5
// halfway.
double crossing(const TokenScores& scores, int64_t t, int32_t before, int32_t after) {
  const double left = score_of(scores, t - 1, before) - score_of(scores, t - 1, after);
  const double right = score_of(scores, t, before) - score_of(scores, t, after);
  // The path decides between frames, the lines only within: without a crossing here, halfway.
  if (!(left > 0.0 && right < 0.0)) return 0.5;
  return left / (left - right);
}

}  // namespace

std::vector<TokenWord> words_of(std::span<const int> tokens) {
  const int gap = token_of(' ');
  std::vector<TokenWord> words;
  for (int64_t i = 0; i < std::ssize(tokens); ++i) {
    if (tokens[static_cast<size_t>(i)] == gap) continue;
    if (i == 0 || tokens[static_cast<size_t>(i - 1)] == gap) words.push_back({i, i});
    words.back().end = i + 1;
  }
  return words;
}

std::vector<TimeSpan> token_times(const TokenScores& scores, const TextChain& chain,
                                  std::span<const int64_t> path, const FrameTimes& frame_times) {
  const auto states = std::ssize(chain.states);
  std::vector<FrameSpan> frames(static_cast<size_t>(states));
  std::vector<double> starts(static_cast<size_t>(states));
  std::vector<double> ends(static_cast<size_t>(states));
  const auto token = [&](int64_t s) { return chain.states[static_cast<size_t>(s)].token; };
  for (int64_t t = 0; t < std::ssize(path); ++t) {
    const auto s = static_cast<size_t>(path[static_cast<size_t>(t)]);
    const bool begins = t == 0 || path[static_cast<size_t>(t - 1)] != path[static_cast<size_t>(t)];
    if (!begins) {
      frames[s].end = t + 1;
      continue;
    }
    frames[s] = {t, t + 1};
    double boundary = frame_times.center(0) - 0.5 * frame_times.hop_seconds;
    if (t > 0) {
      const int64_t before = path[static_cast<size_t>(t - 1)];
      boundary = frame_times.center(t - 1) +
                 crossing(scores, t, token(before), token(static_cast<int64_t>(s))) * frame_times.hop_seconds;
      ends[static_cast<size_t>(before)] = boundary;
    }
    starts[s] = boundary;
  }
  if (!path.empty())
    ends[static_cast<size_t>(path.back())] =
        frame_times.center(std::ssize(path) - 1) + 0.5 * frame_times.hop_seconds;

  const int gap = token_of(' ');
  std::vector<TimeSpan> times;
  for (int64_t s = 0; s < states; ++s) {
    const auto i = static_cast<size_t>(s);
    if (chain.positions[i] < 0) continue;
    TimeSpan span{starts[i], ends[i]};
    const auto single_gap = [&](int64_t other) {
      return other >= 0 && other < states && token(other) == gap &&
             frames[static_cast<size_t>(other)].end - frames[static_cast<size_t>(other)].first == 1;
    };
    const auto middle = [&](int64_t other) {
      return 0.5 * (starts[static_cast<size_t>(other)] + ends[static_cast<size_t>(other)]);
    };
    if (token(s) == gap) {
      if (single_gap(s)) span.start_seconds = span.end_seconds = middle(s);
    } else {
      if (s > 0 && s - 1 > 0 && single_gap(s - 1)) span.start_seconds = middle(s - 1);
      const bool doubled =
          s + 2 < states && chain.positions[i + 1] < 0 && token(s + 1) == CharacterTokens::kBlank;
      if (doubled) span.end_seconds = middle(s + 1);
      if (s > 1 && chain.positions[i - 1] < 0 && token(s - 1) == CharacterTokens::kBlank)
        span.start_seconds = middle(s - 1);
      if (s + 2 < states && single_gap(s + 1)) span.end_seconds = middle(s + 1);
    }
    times.push_back(span);
  }
  return times;
}

std::vector<TimeSpan> word_times(std::span<const TimeSpan> tokens, std::span<const TokenWord> words) {
  std::vector<TimeSpan> times;
  for (const TokenWord& word : words) {
    W2V_CHECK(word.begin < word.end && word.end <= std::ssize(tokens), "words of these tokens");
    times.push_back({tokens[static_cast<size_t>(word.begin)].start_seconds,
                     tokens[static_cast<size_t>(word.end - 1)].end_seconds});
  }
  return times;
}

}  // namespace wav2vec
