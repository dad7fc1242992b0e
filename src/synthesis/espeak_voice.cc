// The voices of espeak-ng.

#include <fmt/format.h>

#include "synthesis/engines.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"

#ifdef W2V_HAVE_ESPEAK

#include <espeak-ng/speak_lib.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstring>

namespace wav2vec {
namespace {

constexpr double kWordsPerMinute = espeakRATE_NORMAL;
constexpr double kUsualPitch = 50.0;
/// espeak's scale of pitch, 0 to 99, is about two octaves.
constexpr double kPitchPerOctave = 50.0;
constexpr float kFullScale = 32768.0F;

enum class Kind { word, phone, end };

struct Event {
  Kind kind = Kind::end;
  double seconds = 0.0;
  int64_t character = 0;  ///< of a word, from 0
  std::string phone;      ///< empty: a pause
};

struct Recording {
  std::vector<float> samples;
  std::vector<Event> events;
};

/// The engine hands it back with every event.
Recording* recording_of(const espeak_EVENT* events) { return static_cast<Recording*>(events->user_data); }

int take(short* samples, int count, espeak_EVENT* events) {
  Recording* const recording = recording_of(events);
  if (recording == nullptr) return 0;
  for (int i = 0; i < count && samples != nullptr; ++i)
    recording->samples.push_back(static_cast<float>(samples[i]) / kFullScale);
  for (const espeak_EVENT* event = events; event->type != espeakEVENT_LIST_TERMINATED; ++event) {
    const double seconds = event->audio_position / 1000.0;
    // Now and then a last word of no characters ends a clause.
    if (event->type == espeakEVENT_WORD && event->length > 0)
      recording->events.push_back({Kind::word, seconds, event->text_position - 1, {}});
    else if (event->type == espeakEVENT_PHONEME)
      recording->events.push_back(
          {Kind::phone, seconds, 0,
           std::string(event->id.string, strnlen(event->id.string, sizeof event->id.string))});
    else if (event->type == espeakEVENT_END)
      recording->events.push_back({Kind::end, seconds, 0, {}});
  }
  return 0;
}

/// Once per process; the sample rate.
int64_t start_engine() {
  static const int rate = [] {
    const int started = espeak_Initialize(
        AUDIO_OUTPUT_SYNCHRONOUS, 0, nullptr,
        espeakINITIALIZE_PHONEME_EVENTS | espeakINITIALIZE_PHONEME_IPA | espeakINITIALIZE_DONT_EXIT);
    espeak_SetSynthCallback(take);
    return started;
  }();
  if (rate <= 0) throw ConfigError("espeak-ng's data are not there; install Debian's espeak-ng-data");
  return rate;
}

/// The byte of every character of a text in UTF-8.
std::vector<size_t> character_bytes(const std::string& text) {
  std::vector<size_t> bytes;
  for (size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) bytes.push_back(i);
  }
  return bytes;
}

/// Words and phones last until the next one, or a pause in front of it, begins. A stop's closure belongs to
/// its word, though espeak-ng tells of its phone at the burst; what it tells without a name inside a word is
/// none of our pauses.
VoicedText voiced(const Recording& recording, const std::string& text) {
  VoicedText said;
  const std::vector<size_t> bytes = character_bytes(text);
  constexpr double kNone = -1.0;
  double word_start = kNone;   // of the word that has not ended
  double phone_start = kNone;  // likewise
  double pause_start = kNone;  // since which nothing was said
  std::string phone;
  bool is_first = false;  // the next phone is the first of its word
  const auto close_phone = [&](double seconds) {
    if (phone_start >= 0.0 && seconds > phone_start)
      said.phones.push_back({phone_start, seconds - phone_start, phone});
    phone_start = kNone;
  };
  const auto close_word = [&](double seconds) {
    if (word_start >= 0.0)
      said.words.back().end_seconds = std::max(pause_start >= 0.0 ? pause_start : seconds, word_start);
    word_start = kNone;
  };
  const auto close_pause = [&](double seconds) {
    if (pause_start >= 0.0 && seconds > pause_start)
      said.phones.push_back({pause_start, seconds - pause_start, "SIL"});
    pause_start = kNone;
  };
  for (const Event& event : recording.events) {
    if (event.kind == Kind::phone && event.phone.empty()) {
      if (pause_start < 0.0) pause_start = event.seconds;
      continue;
    }
    const bool within = event.kind == Kind::phone && word_start >= 0.0;
    if (within) pause_start = kNone;
    close_phone(pause_start >= 0.0 ? pause_start : event.seconds);
    if (event.kind != Kind::phone) close_word(event.seconds);
    close_pause(event.seconds);
    if (event.kind == Kind::phone) {
      phone_start = is_first ? word_start : event.seconds;
      phone = event.phone;
    }
    is_first = event.kind == Kind::word;
    if (!is_first) continue;
    if (event.character < 0 || event.character >= std::ssize(bytes))
      throw DataError(fmt::format("espeak-ng said a word at character {}, which the text does not have",
                                  event.character));
    said.words.push_back({bytes[static_cast<size_t>(event.character)], event.seconds, event.seconds});
    word_start = event.seconds;
  }
  return said;
}

/// What the engine takes for a voice of this name or language; empty for none.
std::string voice_of(const std::string& name) {
  for (const espeak_VOICE** voice = espeak_ListVoices(nullptr); *voice != nullptr; ++voice) {
    // A byte of priority, a language and a zero byte, again and again until a zero byte.
    for (const char* language = (*voice)->languages; *language != 0;
         language += 2 + std::strlen(language + 1)) {
      if (name == language + 1) return (*voice)->identifier;
    }
  }
  // It takes names for paths, and copies long ones behind the end of its memory.
  constexpr size_t kLongestName = 40;
  const bool plain = name.size() <= kLongestName && std::ranges::all_of(name, [](unsigned char c) {
                       return std::isalnum(c) != 0 || c == '-' || c == '_' || c == ' ';
                     });
  return plain && !name.empty() && espeak_SetVoiceByName(name.c_str()) == EE_OK ? name : std::string();
}

bool has_variant(const std::string& name) {
  espeak_VOICE variants{};
  variants.languages = "variant";
  for (const espeak_VOICE** voice = espeak_ListVoices(&variants); *voice != nullptr; ++voice) {
    if (fmt::format("!v/{}", name) == (*voice)->identifier) return true;
  }
  return false;
}

}  // namespace

Voice open_espeak_voice(const std::string& given) {
  const int64_t rate = start_engine();
  const size_t plus = given.find('+');
  const std::string variant = plus == given.npos ? std::string() : given.substr(plus + 1);
  const std::string base = voice_of(given.substr(0, plus));
  // It takes any variant, there or not.
  if (base.empty() || (plus != given.npos && !has_variant(variant)))
    throw ConfigError(
        fmt::format("espeak-ng has no voice \"{}\"; expected a language or name of espeak-ng --voices, with "
                    "or without one of "
                    "espeak-ng --voices=variant, for example en-us+f3",
                    printable(given)));
  const std::string name = plus == given.npos ? base : fmt::format("{}+{}", base, variant);
  return [rate, name](const std::string& text, const VoiceSettings& settings) {
    espeak_SetVoiceByName(name.c_str());
    espeak_SetParameter(espeakRATE,
                        std::clamp(static_cast<int>(std::lround(kWordsPerMinute * settings.tempo)),
                                   espeakRATE_MINIMUM, espeakRATE_MAXIMUM),
                        0);
    espeak_SetParameter(
        espeakPITCH,
        std::clamp(static_cast<int>(std::lround(kUsualPitch + kPitchPerOctave * std::log2(settings.pitch))),
                   0, 99),
        0);
    Recording recording;
    if (espeak_Synth(text.c_str(), text.size() + 1, 0, POS_CHARACTER, 0, espeakCHARS_UTF8, nullptr,
                     &recording) != EE_OK ||
        espeak_Synchronize() != EE_OK)
      throw DataError("espeak-ng cannot say it");
    VoicedText said = voiced(recording, text);
    said.samples = std::move(recording.samples);
    said.sample_rate_hz = rate;
    return said;
  };
}

}  // namespace wav2vec

#else

namespace wav2vec {

Voice open_espeak_voice(const std::string& name) {
  throw ConfigError(fmt::format(
      "espeak:{}: this program was built without espeak-ng; install libespeak-ng-dev and build again",
      printable(name)));
}

}  // namespace wav2vec

#endif
