#include "wav2vec/synthesis/voice.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "synthesis/engines.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"

namespace wav2vec {

Voice open_voice(const std::string& name) {
  const size_t colon = name.find(':');
  const std::string engine = name.substr(0, colon);
  const std::string voice = colon == name.npos ? std::string() : name.substr(colon + 1);
  if (!voice.empty()) {
    if (engine == "espeak") return open_espeak_voice(voice);
    if (engine == "flite") return open_flite_voice(voice);
    if (engine == "festival") return open_festival_voice(voice);
  }
  throw ConfigError(fmt::format(
      "\"{}\" is no voice; expected an engine (espeak, flite or festival), a colon and one of its "
      "voices, for example flite:slt",
      printable(name)));
}

std::vector<VoicedWord> placed_words(const std::string& text, std::span<const EngineToken> tokens) {
  std::vector<VoicedWord> words;
  size_t from = 0;
  for (const EngineToken& token : tokens) {
    const size_t at = text.find(token.name, from);
    if (at == text.npos)
      throw DataError(
          fmt::format("the voice said \"{}\", which does not stand in the text", printable(token.name)));
    from = at + token.name.size();
    for (const TimedLabel& word : token.words) words.push_back({at, word.start_seconds, word.end_seconds()});
  }
  return words;
}

std::string arpabet(std::string_view phone) {
  if (phone == "pau") return "SIL";
  if (phone == "ax") return "AH";
  if (phone == "axr") return "ER";
  std::string name(phone);
  std::ranges::transform(name, name.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return name;
}

}  // namespace wav2vec
