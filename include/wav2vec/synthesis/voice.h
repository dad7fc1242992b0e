#pragma once
// Voices of speech synthesisers, which say a text and tell when each of its words and phones is said.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "wav2vec/data/ctm.h"

namespace wav2vec {

/// A word as the engine takes it: "cat's" may be two, and "25" as well.
struct VoicedWord {
  size_t text_byte = 0;  ///< of the text: where the word, or what it is read from, begins
  double start_seconds = 0.0;
  double end_seconds = 0.0;
};

struct VoicedText {
  std::vector<float> samples;  ///< mono, within ±1
  int64_t sample_rate_hz = 0;
  std::vector<VoicedWord> words;
  /// With pauses, "SIL". ARPAbet without stress for the English voices of flite and festival, as CMUdict has
  /// it; IPA for those of espeak-ng.
  std::vector<TimedLabel> phones;
};

struct VoiceSettings {
  double tempo = 1.0;  ///< 2: twice as fast
  double pitch = 1.0;  ///< 2: an octave higher; what the engine cannot do is left out
};

/// Says a text of one line in UTF-8. Throws DataError when the engine fails at it.
using Voice = std::function<VoicedText(const std::string& text, const VoiceSettings& settings)>;

/// `name`: the engine and its voice. "flite:" and one of awb, kal, kal16, rms, slt; "espeak:" and a language
/// with or without a variant ("espeak:cs+f3", `espeak-ng --voices`); "festival:" and a voice that is
/// installed ("festival:kal_diphone"). Throws ConfigError for a voice that is not there. Those of espeak-ng
/// and of flite are not for several threads at once: their engines have global state.
Voice open_voice(const std::string& name);

}  // namespace wav2vec
