#pragma once
// Utterances of many voices out of texts, for training and for boundaries that are known exactly.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "wav2vec/synthesis/voice.h"
#include "wav2vec/text/text_reader.h"

namespace wav2vec {

struct Range {
  double least = 1.0;
  double most = 1.0;
};

struct SynthesisOptions {
  int64_t sample_rate_hz = 16000;
  Range tempo = {0.85, 1.2};
  Range pitch = {0.85, 1.2};
  /// Resonances are moved by this: 1.1 is a shorter vocal tract. Samples are played faster, and said more
  /// slowly before, so that the tempo stays.
  Range resonance = {0.9, 1.12};
  uint64_t seed = 1;
};

struct SynthesisedUtterance {
  std::vector<float> samples;                    ///< at options.sample_rate_hz
  std::string text;                              ///< what was said: one line, without marks
  std::string speaker;                           ///< the voice's name
  std::optional<std::vector<TimedLabel>> words;  ///< of the reading; nothing where they are not certain
  std::vector<TimedLabel> phones;
};

/// A voice and its name.
struct NamedVoice {
  std::string name;
  Voice say;
};

/// Utterance `number` of a set: voice and settings are drawn by (options.seed, number) alone. Nothing for a
/// text in which nothing is spoken. Throws DataError for one that the reader refuses, and when the voice
/// fails or says nothing.
std::optional<SynthesisedUtterance> synthesise(const std::string& text, int64_t number,
                                               std::span<const NamedVoice> voices, const TextReader& reader,
                                               const SynthesisOptions& options);

}  // namespace wav2vec
