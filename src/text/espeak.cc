#include "text/espeak.h"

#include <fmt/format.h>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"

#ifdef W2V_HAVE_ESPEAK

#include <espeak-ng/speak_lib.h>

#include <algorithm>
#include <cctype>
#include <mutex>

namespace wav2vec {
namespace {

/// espeak-ng's state belongs to the process.
struct Engine {
  std::mutex mutex;
  bool ready = false;
  std::string voice;
};

Engine& engine() {
  static Engine the_engine;
  return the_engine;
}

void prepare(Engine& e) {
  if (e.ready) return;
  if (espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 0, nullptr, espeakINITIALIZE_DONT_EXIT) < 0)
    throw ConfigError("phones: espeak-ng does not find its data; install espeak-ng-data");
  e.ready = true;
}

bool set_voice(Engine& e, const std::string& voice) {
  if (e.voice == voice) return true;
  e.voice.clear();
  if (espeak_SetVoiceByName(voice.c_str()) != EE_OK) return false;
  e.voice = voice;
  return true;
}

// Marks where it goes to the rules of another language and back, "(en)wiːkˈɛnd(cs)".
std::string without_language_switches(std::string_view phones) {
  std::string out;
  bool inside = false;
  for (const char c : phones) {
    if (c == '(') inside = true;
    if (!inside) out += c;
    if (c == ')') inside = false;
  }
  return out;
}

}  // namespace

std::string espeak_voice(const std::string& language) {
  std::string tag = language;
  std::ranges::transform(tag, tag.begin(),
                         [](unsigned char c) { return c == '_' ? '-' : static_cast<char>(std::tolower(c)); });
  // A name of a voice may also be a path.
  const bool is_tag =
      std::ranges::all_of(tag, [](unsigned char c) { return c == '-' || std::isalnum(c) != 0; });
  const std::string base = tag.substr(0, tag.find('-'));
  std::vector<std::string> names{tag, base};
  if (tag == "en") names = {"en-us"};
  if (base == "zh") names = {"cmn-latn-pinyin"};  // its rules for Han are not among the package's data
  if (base == "no") names = {"nb"};
  Engine& e = engine();
  const std::lock_guard lock(e.mutex);
  prepare(e);
  for (const std::string& name : names) {
    if (is_tag && set_voice(e, name)) return name;
  }
  throw ConfigError(
      fmt::format("phones: espeak-ng has no voice for language \"{}\"; espeak-ng --voices lists them",
                  printable(language)));
}

std::vector<std::string> espeak_phones(const std::string& voice, std::string_view clause) {
  constexpr int kIpa = 2;
  Engine& e = engine();
  const std::lock_guard lock(e.mutex);
  prepare(e);
  W2V_CHECK(set_voice(e, voice), "a voice of espeak_voice()");
  std::vector<std::string> groups;
  const std::string ended(clause);
  for (const void* rest = ended.c_str(); rest != nullptr;) {
    const std::string phones =
        without_language_switches(espeak_TextToPhonemes(&rest, espeakCHARS_UTF8, kIpa));
    for (size_t at = 0; at < phones.size();) {
      const size_t end = std::min(phones.find_first_of(" \n", at), phones.size());
      if (end > at) groups.push_back(phones.substr(at, end - at));
      at = end + 1;
    }
  }
  return groups;
}

}  // namespace wav2vec

#else

namespace wav2vec {
namespace {

[[noreturn]] void refuse() {
  throw ConfigError(
      "phones: this program was built without espeak-ng; install libespeak-ng-dev and build again");
}

}  // namespace

std::string espeak_voice(const std::string& /*language*/) { refuse(); }
std::vector<std::string> espeak_phones(const std::string& /*voice*/, std::string_view /*clause*/) {
  refuse();
}

}  // namespace wav2vec

#endif
