// The voices of espeak-ng.

#include <fmt/format.h>

#include "synthesis/engines.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"

#ifdef W2V_HAVE_ESPEAK

#include <espeak-ng/speak_lib.h>

#include <algorithm>
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

/// A word lasts until the next one, or a pause, begins; a stop's closure belongs to its word, though its
/// phone begins behind it.
VoicedText voiced(const Recording& recording, const std::string& text) {
  VoicedText said;
  const std::vector<size_t> bytes = character_bytes(text);
  bool open_word = false;
  bool open_phone = false;
  const auto close = [](bool& open, double seconds, double start, double& duration) {
    if (open) duration = std::max(0.0, seconds - start);
    open = false;
  };
  const auto close_word = [&](double seconds) {
    if (!open_word) return;
    said.words.back().end_seconds = std::max(seconds, said.words.back().start_seconds);
    open_word = false;
  };
  const auto close_phone = [&](double seconds) {
    if (open_phone)
      close(open_phone, seconds, said.phones.back().start_seconds, said.phones.back().duration_seconds);
  };
  for (const Event& event : recording.events) {
    if (event.kind == Kind::end || event.kind == Kind::word || event.phone.empty()) close_word(event.seconds);
    if (event.kind == Kind::word) {
      if (event.character < 0 || event.character >= std::ssize(bytes))
        throw DataError(fmt::format("espeak-ng said a word at character {}, which the text does not have",
                                    event.character));
      said.words.push_back({bytes[static_cast<size_t>(event.character)], event.seconds, event.seconds});
      open_word = true;
      continue;
    }
    close_phone(event.seconds);
    if (event.kind == Kind::end) continue;
    said.phones.push_back({event.seconds, 0.0, event.phone.empty() ? std::string("SIL") : event.phone});
    open_phone = true;
  }
  return said;
}

}  // namespace

Voice open_espeak_voice(const std::string& name) {
  const int64_t rate = start_engine();
  // espeak takes any variant, there or not.
  if (espeak_SetVoiceByName(name.c_str()) != EE_OK)
    throw ConfigError(
        fmt::format("espeak-ng has no voice \"{}\"; expected one of espeak-ng --voices, for example en-us+f3",
                    printable(name)));
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
