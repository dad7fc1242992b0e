#include "wav2vec/head/spoken_text.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "wav2vec/core/error.h"
#include "wav2vec/text/token_set.h"

namespace wav2vec {

SpokenText spoken_text(std::span<const int> tokens) {
  SpokenText text;
  text.tokens.push_back(kGapToken);
  std::ranges::copy(tokens, std::back_inserter(text.tokens));
  text.tokens.push_back(kGapToken);
  text.chain = chain_of(text.tokens);
  text.words = words_of(text.tokens);
  text.parts = {{.letters = {text.letters().begin(), text.letters().end()}}};
  return text;
}

std::vector<TimedLabel> word_labels(std::span<const TimedLabel> labels) {
  std::vector<TimedLabel> words;
  for (const TimedLabel& label : labels) {
    const bool noise = label.label.empty() || label.label.front() == '<' || label.label.front() == '[' ||
                       label.label == "SIL" || label.label == "sil" || label.label == "sp";
    if (!noise) words.push_back(label);
  }
  return words;
}

void set_times(SpokenText& text, std::vector<TimedLabel> times, const FrameTimes& frame_times,
               double tolerance_seconds) {
  W2V_CHECK(times.size() == text.words.size(), "a time for every word");
  const auto earliest = [&](size_t word) {
    return frame_times.frame_at(times[word].start_seconds - tolerance_seconds);
  };
  const auto latest = [&](size_t word) {
    return frame_times.frame_at(times[word].end_seconds() + tolerance_seconds);
  };
  size_t word = 0;  // the first that has not ended before this letter
  for (ChainState& state : text.chain) {
    while (word < text.words.size() && state.letter >= text.words[word].end) ++word;
    if (word < text.words.size() && state.letter >= text.words[word].begin) {
      state.first_frame = earliest(word);
      state.end_frame = latest(word);
      continue;
    }
    // A gap: behind the word before it, up to the word behind it.
    if (word > 0) state.first_frame = frame_times.frame_at(times[word - 1].end_seconds() - tolerance_seconds);
    if (word < text.words.size())
      state.end_frame = frame_times.frame_at(times[word].start_seconds + tolerance_seconds);
  }
  text.times = std::move(times);
}

}  // namespace wav2vec
