#include "head/laid_line.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "wav2vec/align/match_score.h"
#include "wav2vec/text/token_set.h"

namespace wav2vec {
namespace {

// As align_text() lays whole texts.
const ChainPathOptions kPath{.any_penalty = TextAlignerOptions{}.any_penalty};

}  // namespace

std::vector<ChainState> between_pauses(std::span<const int> tokens) {
  std::vector<ChainState> chain{{.letter = kAnySound, .optional = true}, {.letter = 0, .lasting = true}};
  for (ChainState state : chain_of(tokens)) {
    ++state.letter;
    chain.push_back(state);
  }
  chain.push_back({.letter = std::ssize(tokens) + 1, .lasting = true});
  chain.push_back({.letter = kAnySound, .optional = true});
  return chain;
}

size_t state_of(int64_t token) { return static_cast<size_t>(token) + 2; }

LaidTokens lay(std::span<const int> tokens, std::vector<ChainState> chain, const LineFrames& frames,
               const RecordingScores& scores, const LetterSounds& letter_sounds) {
  LaidTokens laid{
      .chain = std::move(chain), .meant = letter_sounds({&kGapToken, 1}), .similarity = {}, .path = {}};
  const std::vector<float> pause = laid.meant;
  std::ranges::copy(letter_sounds(tokens), std::back_inserter(laid.meant));
  std::ranges::copy(pause, std::back_inserter(laid.meant));
  laid.similarity = {scores.heard.data() + frames.first * scores.sounds, laid.meant.data(),
                     frames.end - frames.first, std::ssize(tokens) + 2, scores.sounds};
  laid.path = best_chain_path(laid.similarity, laid.chain, kPath);
  return laid;
}

LaidLine laid_line(const LaidTokens& laid, const LineFrames& frames, const FrameTimes& frame_times) {
  if (laid.path.empty()) return {};
  const FrameTimes part_times{frame_times.center(frames.first), frame_times.hop_seconds};
  const std::vector<TimeSpan> times = letter_times(laid.similarity, laid.chain, laid.path, part_times);
  const std::vector<double> similarities = letter_similarities(laid.similarity, laid.chain, laid.path);
  // Without the pauses at the ends.
  return {.times = {times.begin() + 1, times.end() - 1},
          .similarities = {similarities.begin() + 1, similarities.end() - 1}};
}

}  // namespace wav2vec
