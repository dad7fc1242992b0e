// Numbers in several readings, on scores in which it is known which of them is said.

#include "head/best_readings.h"

#include <doctest/doctest.h>

#include <cmath>

#include "wav2vec/core/rng.h"
#include "wav2vec/text/character_tokens.h"
#include "wav2vec/text/token_set.h"

using namespace wav2vec;

namespace {

const FrameTimes kClock{.first_frame_center_seconds = 0.015, .hop_seconds = 0.01};
const MatchCalibration kCalibration{{-2.0, 2.0, 0.0, 0.0}};
constexpr int64_t kTokens = CharacterTokens::kCount;
constexpr int64_t kFrames = 5;  // of a character

/// What is said and little beside it; sounds are tokens.
RecordingScores said(const std::string& text) {
  RecordingScores scores{.frames = std::ssize(text) * kFrames,
                         .sounds = kTokens,
                         .tokens = kTokens,
                         .heard = {},
                         .powers = {},
                         .letters = {}};
  const RandomStream random(1, RandomUse::crop, {});
  for (int64_t t = 0; t < scores.frames; ++t) {
    for (int k = 0; k < kTokens; ++k) {
      const bool is_said = k == token_of(text[static_cast<size_t>(t / kFrames)]);
      const float score = is_said ? 3.0F : -5.0F - static_cast<float>(random.uniform(scores.heard.size()));
      scores.heard.push_back(std::exp(score));
    }
  }
  return scores;
}

std::vector<float> themselves(std::span<const int> tokens) {
  std::vector<float> meant(tokens.size() * kTokens, 0.0F);
  for (size_t i = 0; i < tokens.size(); ++i) meant[i * kTokens + static_cast<size_t>(tokens[i])] = 1.0F;
  return meant;
}

AlignedText align(const std::string& speech, const std::vector<std::string>& texts) {
  std::vector<TextLine> lines;
  for (const std::string& text : texts) lines.push_back({std::ssize(lines) + 1, text});
  static const TokenReader reader(TextOptions{.language = "en"});
  return align_text(said(speech), kClock, kCalibration, themselves, lines, reader);
}

/// Where a character of the speech begins.
double start_of(size_t character) {
  return 0.010 + 0.01 * static_cast<double>(kFrames * static_cast<int64_t>(character));
}

void check_word(const AlignedWord& word, const std::string& speech, const std::string& reading) {
  CAPTURE(word.text);
  CHECK(word.reading == reading);
  const size_t at = speech.find(reading);
  CHECK(word.time.start_seconds == doctest::Approx(start_of(at)).epsilon(0.01));
  CHECK(word.time.end_seconds == doctest::Approx(start_of(at + reading.size())).epsilon(0.01));
}

}  // namespace

TEST_CASE("best readings: of a number that which is said is found, with its letters and times") {
  for (const std::string year :
       {"nineteen eighty four", "one thousand nine hundred eighty four", "one nine eight four"}) {
    const std::string speech = "  it was in " + year + " they say  ";
    const AlignedText text = align(speech, {"It was in 1984, they say."});
    REQUIRE(text.lines[0].spoken);
    REQUIRE(text.lines[0].words.size() == 6);
    check_word(text.lines[0].words[3], speech, year);
    CHECK(text.lines[0].words[3].text == "1984");
    check_word(text.lines[0].words[2], speech, "in");
    check_word(text.lines[0].words[5], speech, "say");
    CHECK(text.lines[0].confidence > 0.9);
    std::string letters;
    for (const AlignedCharacter& c : text.lines[0].words[3].characters) letters += c.name;
    std::string expected = year;
    std::erase(expected, ' ');
    CHECK(letters == expected);
  }
}

TEST_CASE("best readings: at either end of a line, alone in it, two in a row") {
  const std::string speech = "   half past ten is when   one half   two fifty two point five  ";
  const AlignedText text = align(speech, {"10:30 is when", "1/2", "$2.50 2.5"});
  check_word(text.lines[0].words[0], speech, "half past ten");
  check_word(text.lines[0].words[2], speech, "when");
  check_word(text.lines[1].words[0], speech, "one half");
  check_word(text.lines[2].words[0], speech, "two fifty");
  check_word(text.lines[2].words[1], speech, "two point five");
  const std::string late = "   see you at half past ten   then go  ";
  const AlignedText end = align(late, {"see you at 10:30", "then go"});
  check_word(end.lines[0].words[3], late, "half past ten");
  check_word(end.lines[1].words[0], late, "then");
}

TEST_CASE("best readings: nothing changes where the usual one is said, or there is no other") {
  const std::string speech = "  so in nineteen eighty four it is  ";
  const RecordingScores scores = said(speech);
  const std::vector<TextLine> lines{{1, "so in 1984 it is"}};
  const TokenReader all(TextOptions{.language = "en"});
  const TokenReader usual(TextOptions{.language = "en", .max_readings = 1});
  const AlignedText with = align_text(scores, kClock, kCalibration, themselves, lines, all);
  const AlignedText without = align_text(scores, kClock, kCalibration, themselves, lines, usual);
  REQUIRE(with.lines[0].words.size() == without.lines[0].words.size());
  for (size_t w = 0; w < with.lines[0].words.size(); ++w) {
    CHECK(with.lines[0].words[w].reading == without.lines[0].words[w].reading);
    CHECK(with.lines[0].words[w].time.start_seconds == without.lines[0].words[w].time.start_seconds);
    CHECK(with.lines[0].words[w].time.end_seconds == without.lines[0].words[w].time.end_seconds);
    CHECK(with.lines[0].words[w].confidence == without.lines[0].words[w].confidence);
  }
}

TEST_CASE(
    "best readings: lines in other readings have their tokens in a row, and segments without sound none") {
  const TokenReader reader(TextOptions{.language = "en"});
  const ReadLine line = read_line(reader.read("in 1984 ក 5%").segments);
  REQUIRE(line.segments.size() == 3);
  CHECK(text_of_tokens(TokenKind::letters, line.tokens) == "in nineteen eighty four five percent");
  REQUIRE(line.words.size() == 3);
  CHECK(line.words[1].begin == 3);
  const ReadLine other = in_readings(line, {0, 1, 0});
  CHECK(text_of_tokens(TokenKind::letters, other.tokens) ==
        "in " + line.segments[1].readings[1].letters + " five percent");
  CHECK(other.words[2].end == std::ssize(other.tokens));
  CHECK(read_line({}).tokens.empty());
}

TEST_CASE("best readings: a reading that has no room is passed over") {
  const RecordingScores scores = said(" ab ");
  ReadLine line = read_line(
      {{.source = {0, 1}, .readings = {{"ab", encode("ab"), {}}, {"x", encode(std::string(50, 'x')), {}}}}});
  const std::vector<TimeSpan> times{{start_of(1), start_of(2)}, {start_of(2), start_of(3)}};
  const LineFrames frames{0, scores.frames};
  CHECK(best_readings(line, times, frames, scores, kClock, themselves) == std::vector<size_t>{0});
  const ReadLine longer = in_readings(line, {1});
  CHECK(lay_again(longer, line, times, frames, scores, kClock, themselves).times.empty());
}
