#include "wav2vec/synthesis/synthesise.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "wav2vec/audio/resampler.h"
#include "wav2vec/core/draws.h"
#include "wav2vec/core/error.h"
#include "wav2vec/synthesis/spoken_words.h"

namespace wav2vec {
namespace {

void scale_times(std::vector<TimedLabel>& labels, double factor) {
  for (TimedLabel& label : labels) {
    label.start_seconds *= factor;
    label.duration_seconds *= factor;
  }
}

double drawn(const Range& range, Draws& draws) { return draws.between(range.least, range.most); }

}  // namespace

std::optional<SynthesisedUtterance> synthesise(const std::string& text, int64_t number,
                                               std::span<const NamedVoice> voices, const TextReader& reader,
                                               const SynthesisOptions& options) {
  W2V_CHECK(!voices.empty(), "a voice at least");
  const RandomStream random(options.seed, RandomUse::synthesis, {static_cast<uint64_t>(number)});
  Draws draws(random);
  const NamedVoice& voice = voices[draws.below(voices.size())];
  const double tempo = drawn(options.tempo, draws);
  const double pitch = drawn(options.pitch, draws);
  const double resonance = drawn(options.resonance, draws);

  SynthesisedUtterance utterance{.samples = {},
                                 .text = voiced_text(text, reader.read(text)),
                                 .speaker = voice.name,
                                 .words = {},
                                 .phones = {}};
  if (utterance.text.empty()) return std::nullopt;
  VoicedText said = voice.say(utterance.text, {.tempo = tempo / resonance, .pitch = pitch / resonance});
  if (said.samples.empty() || said.words.empty()) throw DataError(fmt::format("{} said nothing", voice.name));
  utterance.words = spoken_words(utterance.text, reader.read(utterance.text), said.words);
  utterance.phones = std::move(said.phones);
  // The last pause of some voices is longer than their sound.
  const double seconds = static_cast<double>(said.samples.size()) / static_cast<double>(said.sample_rate_hz);
  for (TimedLabel& phone : utterance.phones)
    phone.duration_seconds = std::min(phone.duration_seconds, seconds - phone.start_seconds);
  std::erase_if(utterance.phones, [](const TimedLabel& phone) { return phone.duration_seconds <= 0.0; });
  // Whole numbers of Hz: times are scaled by what the resampler does to the samples.
  const auto played_hz = std::llround(resonance * static_cast<double>(said.sample_rate_hz));
  const double factor = static_cast<double>(said.sample_rate_hz) / static_cast<double>(played_hz);
  utterance.samples = resample(said.samples, played_hz, options.sample_rate_hz);
  if (utterance.words) scale_times(*utterance.words, factor);
  scale_times(utterance.phones, factor);
  return utterance;
}

}  // namespace wav2vec
