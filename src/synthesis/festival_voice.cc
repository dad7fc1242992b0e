// The voices of festival, which runs as a process of its own.

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <sstream>

#include "synthesis/engines.h"
#include "wav2vec/core/child_process.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"

namespace wav2vec {
namespace {

constexpr int kStallSeconds = 60;
constexpr uint64_t kMostBytes = uint64_t{256} << 20;
constexpr float kFullScale = 32768.0F;
// A line of its own: names of tokens stand behind "TOKEN ".
constexpr std::string_view kSamples = "\nSAMPLES\n";

std::string scheme_string(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  quoted += '"';
  return quoted;
}

/// Prints `RATE hz`, `COUNT samples`, for each token `TOKEN name` and its `WORD start end`, for each phone
/// `PHONE end name`, then `SAMPLES` and them, 16 bit each in the order of bytes of the machine.
std::string script(const std::string& voice, const std::string& text, const VoiceSettings& settings) {
  return fmt::format(
      "(begin (voice_{}) (Parameter.set 'Duration_Stretch {:.4f})\n"
      " (set! utt (utt.synth (Utterance Text {})))\n"
      " (set! info (wave.info (utt.wave utt)))\n"
      " (format t \"RATE %d\\nCOUNT %d\\n\" (cadr (assoc 'sample_rate info)) (cadr (assoc 'num_samples "
      "info)))\n"
      // Words are items of this relation, too, below their tokens.
      " (set! token (utt.relation.first utt 'Token))\n"
      " (while token (format t \"TOKEN %s\\n\" (item.name token))\n"
      "   (mapcar (lambda (word) (format t \"WORD %f %f\\n\" (item.feat word 'word_start) (item.feat word "
      "'word_end)))\n"
      "     (item.daughters token)) (set! token (item.next token)))\n"
      " (mapcar (lambda (phone) (format t \"PHONE %f %s\\n\" (item.feat phone 'segment_end) (item.name "
      "phone)))\n"
      "   (utt.relation.items utt 'Segment))\n"
      " (format t \"{}\") (fflush nil) (utt.save.wave utt \"-\" 'raw))",
      voice, 1.0 / settings.tempo, scheme_string(text), "SAMPLES\\n");
}

/// It writes waveforms to a temporary file of its own first.
ChildProcess run_festival(const std::string& scheme) {
  return ChildProcess({"festival", "-b", scheme}, kMostBytes);
}

void check_started(const ChildProcess& festival) {
  if (festival.error() == ENOENT)
    throw ConfigError(
        "festival is not there; install Debian's festival and a voice, for example festvox-kallpc16k");
  if (festival.error() == E2BIG) throw DataError("the text is too long for festival");
  if (festival.error() != 0)
    throw ConfigError(fmt::format("cannot start festival: {}", std::strerror(festival.error())));
}

std::string output_of(const std::string& scheme) {
  ChildProcess festival = run_festival(scheme);
  check_started(festival);
  std::string output;
  std::string block(1 << 16, '\0');
  while (output.size() < kMostBytes) {
    const size_t bytes = festival.read(block.data(), block.size(), kStallSeconds);
    output.append(block, 0, bytes);
    if (bytes < block.size()) break;
  }
  if (output.find(kSamples) == output.npos) {
    const std::string& messages = festival.messages();
    throw DataError(fmt::format(
        "festival cannot say it: {}",
        messages.empty() ? "no reason given" : printable(messages.substr(0, messages.find('\n')))));
  }
  return output;
}

/// A voice that is not installed is an unbound variable.
bool knows_voice(const std::string& name) {
  ChildProcess festival = run_festival(fmt::format("(if (boundp 'voice_{}) (format t \"yes\"))", name));
  check_started(festival);
  char answer[3] = {};
  return festival.read(answer, sizeof answer, kStallSeconds) == 3 && std::string_view(answer, 3) == "yes";
}

VoicedText voiced(const std::string& output, const std::string& text) {
  const size_t samples_at = output.find(kSamples);
  VoicedText said;
  std::vector<EngineToken> tokens;
  std::istringstream lines(output.substr(0, samples_at));
  double phone_start = 0.0;
  int64_t count = 0;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string kind;
    fields >> kind;
    double start = 0.0;
    double end = 0.0;
    if (kind == "RATE" && fields >> said.sample_rate_hz) continue;
    if (kind == "COUNT" && fields >> count) continue;
    if (kind == "TOKEN" && line.size() > 6) {
      tokens.push_back({line.substr(6), {}});
    } else if (kind == "WORD" && fields >> start >> end && !tokens.empty()) {
      // Punctuation is a word without phones.
      if (end > start) tokens.back().words.push_back({start, end - start, {}});
    } else if (kind == "PHONE" && fields >> end) {
      std::string name;
      fields >> name;
      said.phones.push_back({phone_start, end - phone_start, arpabet(name)});
      phone_start = end;
    }
  }
  if (said.sample_rate_hz <= 0) throw DataError("festival told no sample rate");
  const std::string_view bytes = std::string_view(output).substr(samples_at + kSamples.size());
  for (size_t i = 0; i + sizeof(int16_t) <= bytes.size(); i += sizeof(int16_t)) {
    int16_t sample = 0;
    std::memcpy(&sample, bytes.data() + i, sizeof sample);
    said.samples.push_back(static_cast<float>(sample) / kFullScale);
  }
  if (std::ssize(said.samples) != count)
    throw DataError(fmt::format("festival gave {} of {} samples", said.samples.size(), count));
  said.words = placed_words(text, tokens);
  return said;
}

}  // namespace

Voice open_festival_voice(const std::string& name) {
  // It becomes part of a program that festival runs.
  const bool plain =
      std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
  if (!plain || !knows_voice(name))
    throw ConfigError(
        fmt::format("festival has no voice \"{}\"; expected one that is installed, for example kal_diphone "
                    "(festvox-kallpc16k)",
                    printable(name)));
  return [name](const std::string& text, const VoiceSettings& settings) {
    return voiced(output_of(script(name, text, settings)), text);
  };
}

}  // namespace wav2vec
