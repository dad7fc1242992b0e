#include "wav2vec/head/spoken_text.h"

#include <utility>

#include "wav2vec/core/error.h"
#include "wav2vec/text/character_tokens.h"

namespace wav2vec {

SpokenText spoken_text(const Reading& reading) {
  SpokenText text;
  text.tokens = encode(reading.text);
  text.chain = chain_of(text.tokens);
  text.words = words_of(text.tokens);
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
  size_t word = 0;
  for (size_t s = 0; s < text.chain.states.size(); ++s) {
    ChainState& state = text.chain.states[s];
    int64_t position = text.chain.positions[s];
    const bool separator = position < 0 && state.token == CharacterTokens::kBlank;
    if (separator) position = text.chain.positions[s - 1];
    while (position >= 0 && word < text.words.size() && position >= text.words[word].end) ++word;
    const bool in_word = position >= 0 && word < text.words.size() && position >= text.words[word].begin;
    if (in_word) {
      state.first_frame = earliest(word);
      state.end_frame = latest(word);
      continue;
    }
    // A gap: behind the word before it, up to the word behind it.
    const bool last_gap = s + 1 == text.chain.states.size();
    const size_t following = last_gap ? text.words.size() : word;
    if (following > 0)
      state.first_frame = frame_times.frame_at(times[following - 1].end_seconds() - tolerance_seconds);
    if (following < text.words.size())
      state.end_frame = frame_times.frame_at(times[following].start_seconds + tolerance_seconds);
  }
  text.times = std::move(times);
}

}  // namespace wav2vec
