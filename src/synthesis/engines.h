#pragma once
// The engines behind open_voice(), and what two of them have in common.

#include <span>
#include <string>
#include <vector>

#include "wav2vec/synthesis/voice.h"

namespace wav2vec {

/// Each throws ConfigError for a voice that the engine does not have, or an engine that is not there.
Voice open_espeak_voice(const std::string& name);
Voice open_flite_voice(const std::string& name);
Voice open_festival_voice(const std::string& name);

/// What flite and festival make of a stretch between two blanks.
struct EngineToken {
  std::string name;               ///< as it stands in the text, without punctuation around it
  std::vector<TimedLabel> words;  ///< labels are not used
};

/// The words of all tokens, with where in the text each token stands. Throws DataError when it does not.
std::vector<VoicedWord> placed_words(const std::string& text, std::span<const EngineToken> tokens);

/// CMUdict's name of a phone of the engines' American English; any other in capitals, "pau" as "SIL".
std::string arpabet(std::string_view phone);

}  // namespace wav2vec
