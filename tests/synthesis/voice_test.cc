#include "wav2vec/synthesis/voice.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "synthesis/engines.h"
#include "wav2vec/core/error.h"

using namespace wav2vec;

namespace {

/// Nothing where the engine is not built in or not installed.
std::optional<Voice> voice_if_there(const std::string& name) {
  try {
    return open_voice(name);
  } catch (const ConfigError& error) {
    const std::string message = error.what();
    if (message.find("built without") == message.npos && message.find("is not there") == message.npos &&
        message.find("festival has no voice") == message.npos)
      throw;
    MESSAGE("SKIPPED, nothing was checked: " << message);
    return std::nullopt;
  }
}

double power(const VoicedText& said, double start, double end) {
  const auto at = [&](double seconds) {
    return std::min(said.samples.size(),
                    static_cast<size_t>(std::max(0.0, seconds) * static_cast<double>(said.sample_rate_hz)));
  };
  double sum = 0.0;
  for (size_t i = at(start); i < at(end); ++i) sum += static_cast<double>(said.samples[i]) * said.samples[i];
  return sum / std::max<double>(1.0, static_cast<double>(at(end) - at(start)));
}

void check_voice(const std::string& name) {
  const std::optional<Voice> voice = voice_if_there(name);
  if (!voice) return;
  const std::string text = "Seven men, and a \"dog\" (no cat).";
  const VoicedText said = (*voice)(text, {});
  REQUIRE(said.words.size() == 7);
  const std::vector<size_t> bytes = {0, 6, 11, 15, 18, 24, 27};
  double last = 0.0;
  double loudest = 0.0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const VoicedWord& word = said.words[i];
    CHECK(word.text_byte == bytes[i]);
    CHECK(word.start_seconds >= last - 1e-6);
    CHECK(word.end_seconds > word.start_seconds + 0.01);
    last = word.end_seconds;
    loudest = std::max(loudest, power(said, word.start_seconds, word.end_seconds));
  }
  CHECK(last <= static_cast<double>(said.samples.size()) / static_cast<double>(said.sample_rate_hz) + 1e-6);
  // Every word is heard where it is said to be, and the pause behind the comma is one.
  for (const VoicedWord& word : said.words)
    CHECK(power(said, word.start_seconds, word.end_seconds) > 1e-3 * loudest);
  CHECK(said.words[2].start_seconds - said.words[1].end_seconds > 0.05);
  CHECK(power(said, said.words[1].end_seconds + 0.03, said.words[2].start_seconds - 0.03) < 0.02 * loudest);
  // Phones follow each other without gaps.
  REQUIRE(said.phones.size() > 15);
  for (size_t i = 1; i < said.phones.size(); ++i)
    CHECK(said.phones[i].start_seconds >= said.phones[i - 1].end_seconds() - 1e-6);
  CHECK(std::ranges::count(said.phones, "SIL", &TimedLabel::label) >= 1);
  // A faster tempo is faster, to within what a rate in whole words a minute allows.
  const VoicedText fast = (*voice)(text, {.tempo = 1.5});
  CHECK(static_cast<double>(fast.samples.size()) < 0.85 * static_cast<double>(said.samples.size()));
  // And nothing of one call is left in the next, but for some samples of espeak-ng's.
  CHECK(static_cast<double>((*voice)(text, {}).samples.size()) ==
        doctest::Approx(static_cast<double>(said.samples.size())).epsilon(0.001));
}

}  // namespace

TEST_CASE("voice: flite says words where it says they are") { check_voice("flite:slt"); }
TEST_CASE("voice: espeak-ng says words where it says they are") { check_voice("espeak:en-us"); }
TEST_CASE("voice: festival says words where it says they are") { check_voice("festival:kal_diphone"); }

TEST_CASE("voice: phones of flite are CMUdict's") {
  const std::optional<Voice> voice = voice_if_there("flite:kal16");
  if (!voice) return;
  std::vector<std::string> phones;
  for (const TimedLabel& phone : (*voice)("about", {}).phones) phones.push_back(phone.label);
  CHECK(phones == std::vector<std::string>{"SIL", "AH", "B", "AW", "T", "SIL"});
}

TEST_CASE("voice: espeak-ng counts characters, we bytes") {
  const std::optional<Voice> voice = voice_if_there("espeak:cs");
  if (!voice) return;
  const VoicedText said = (*voice)("Žluťoučký kůň.", {});
  REQUIRE(said.words.size() == 2);
  CHECK(said.words[1].text_byte == 14);
}

TEST_CASE("voice: words of espeak-ng last through what it tells without a name") {
  const std::optional<Voice> voice = voice_if_there("espeak:ru");
  if (!voice) return;
  const VoicedText said = (*voice)("Регистрация завершена.", {});
  REQUIRE(said.words.size() == 2);
  CHECK(said.words[0].start_seconds < 0.05);
  CHECK(said.words[0].end_seconds > 0.5);
  CHECK(said.words[1].end_seconds > said.words[1].start_seconds + 0.4);
  // A word begins with its first phone, and phones fill it.
  for (const VoicedWord& word : said.words) {
    CHECK(std::ranges::count(said.phones, word.start_seconds, &TimedLabel::start_seconds) == 1);
    CHECK(std::ranges::none_of(said.phones, [&](const TimedLabel& phone) {
      return phone.label == "SIL" && phone.start_seconds > word.start_seconds &&
             phone.end_seconds() < word.end_seconds;
    }));
  }
}

TEST_CASE("voice: languages of espeak-ng are names of voices, with variants that are there") {
  if (!voice_if_there("espeak:en-us")) return;
  CHECK(open_voice("espeak:fr-fr"));
  CHECK(open_voice("espeak:en-gb+f3"));
  CHECK_THROWS_AS(open_voice("espeak:en-us+nobody"), ConfigError);
  CHECK_THROWS_AS(open_voice("espeak:en-us+"), ConfigError);
  CHECK_THROWS_AS(open_voice("espeak:../../etc/passwd"), ConfigError);
}

TEST_CASE("voice: a text that would be a program for festival is said") {
  const std::optional<Voice> voice = voice_if_there("festival:kal_diphone");
  if (!voice) return;
  const VoicedText said = (*voice)(R"(Hi \" (exit 3) ")", {});
  CHECK(said.samples.size() > 4000);
  // Nor is a word taken for what stands before the samples.
  CHECK((*voice)("All SAMPLES", {}).words.size() == 2);
}

TEST_CASE("voice: names that are none are refused with what is expected") {
  CHECK_THROWS_WITH_AS(open_voice("slt"), doctest::Contains("\"slt\" is no voice; expected an engine"),
                       ConfigError);
  CHECK_THROWS_WITH_AS(open_voice("flite:"), doctest::Contains("for example flite:slt"), ConfigError);
  CHECK_THROWS_AS(open_voice("flite:nobody"), ConfigError);
  CHECK_THROWS_AS(open_voice("espeak:nobody"), ConfigError);
  CHECK_THROWS_AS(open_voice("festival:nobody"), ConfigError);
  CHECK_THROWS_AS(open_voice("festival:kal_diphone) (exit"), ConfigError);
}

TEST_CASE("placed words: tokens are looked for in their order") {
  const std::vector<EngineToken> tokens = {{"a", {{0.0, 1.0, ""}}}, {"a", {{1.0, 1.0, ""}, {2.0, 1.0, ""}}}};
  const auto words = placed_words("a-b a", tokens);
  REQUIRE(words.size() == 3);
  CHECK(words[0].text_byte == 0);
  CHECK(words[1].text_byte == 4);
  CHECK(words[2].end_seconds == 3.0);
  CHECK_THROWS_AS(placed_words("b", tokens), DataError);
}
