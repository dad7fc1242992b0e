#include "wav2vec/synthesis/synthesise.h"

#include <doctest/doctest.h>

#include <cmath>

#include "wav2vec/core/error.h"

using namespace wav2vec;

namespace {

constexpr int64_t kRate = 8000;

/// Says each word for half a second at tempo 1, as a tone that is louder with each word.
VoicedText say(const std::string& text, const VoiceSettings& settings) {
  VoicedText said{.samples = {}, .sample_rate_hz = kRate, .words = {}, .phones = {}};
  const double seconds = 0.5 / settings.tempo;
  double at = 0.0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ' ' || (i > 0 && text[i - 1] != ' ')) continue;
    said.words.push_back({i, at, at + seconds});
    said.phones.push_back({at, seconds, "AH"});
    at += seconds;
    const auto loudness = 0.1F * static_cast<float>(said.words.size());
    while (static_cast<double>(said.samples.size()) < at * static_cast<double>(kRate))
      said.samples.push_back(loudness * std::sin(0.5F * static_cast<float>(said.samples.size())));
  }
  return said;
}

const std::vector<NamedVoice> kVoices = {{"a", say}, {"b", say}};

const TextReader& english() {
  static const TextReader reader(TextOptions{.max_readings = 1});
  return reader;
}

}  // namespace

TEST_CASE("synthesise: times stay with the sound whatever is drawn") {
  for (int64_t n = 0; n < 20; ++n) {
    const SynthesisedUtterance one = synthesise("one two three", n, kVoices, english(), {}).value();
    REQUIRE(one.words);
    REQUIRE(one.words->size() == 3);
    for (size_t i = 0; i < 3; ++i) {
      const TimedLabel& word = (*one.words)[i];
      CHECK(word.start_seconds == doctest::Approx(one.phones[i].start_seconds));
      CHECK(word.duration_seconds == doctest::Approx(one.phones[i].duration_seconds));
      double loudest = 0.0;
      const double margin = 0.01;
      for (auto s = static_cast<size_t>((word.start_seconds + margin) * 16000.0);
           s < static_cast<size_t>((word.end_seconds() - margin) * 16000.0); ++s)
        loudest = std::max(loudest, std::abs(static_cast<double>(one.samples.at(s))));
      CHECK(loudest == doctest::Approx(0.1 * static_cast<double>(i + 1)).epsilon(0.05));
    }
    // The tempo is what was drawn, whatever the resonance.
    CHECK(one.words->back().end_seconds() >= 1.5 / 1.2 - 0.01);
    CHECK(one.words->back().end_seconds() <= 1.5 / 0.85 + 0.01);
  }
}

TEST_CASE("synthesise: an utterance depends on seed and number alone") {
  const auto speakers = [&](uint64_t seed) {
    std::string all;
    for (int64_t n = 0; n < 16; ++n)
      all += synthesise("one", n, kVoices, english(), {.seed = seed}).value().speaker;
    return all;
  };
  CHECK(speakers(1) == speakers(1));
  CHECK(speakers(1) != speakers(2));
  CHECK(speakers(1).find('a') != std::string::npos);
  CHECK(speakers(1).find('b') != std::string::npos);
  CHECK(synthesise("one", 5, kVoices, english(), {}).value().samples ==
        synthesise("one", 5, kVoices, english(), {}).value().samples);
}

TEST_CASE("synthesise: marks are not said, and a text of marks alone is none") {
  CHECK(synthesise("ANN: one [cough] two", 0, kVoices, english(), {}).value().text == "one two");
  CHECK_FALSE(synthesise("[cough]", 0, kVoices, english(), {}));
}
