// Lines laid on scores in which it is known what is said where.

#include "wav2vec/head/text_aligner.h"

#include <doctest/doctest.h>

#include <cmath>

#include "wav2vec/core/error.h"
#include "wav2vec/core/rng.h"
#include "wav2vec/text/character_tokens.h"

using namespace wav2vec;

namespace {

const FrameTimes kClock{.first_frame_center_seconds = 0.015, .hop_seconds = 0.01};
// Right from 1 nat on, whatever the length.
const MatchCalibration kCalibration{{-2.0, 2.0, 0.0, 0.0}};

constexpr int64_t kTokens = CharacterTokens::kCount;

/// What is said, five frames a character, and little beside it; sounds are tokens.
RecordingScores said(const std::string& text) {
  RecordingScores scores{.frames = std::ssize(text) * 5,
                         .sounds = kTokens,
                         .tokens = kTokens,
                         .heard = {},
                         .powers = {},
                         .letters = {}};
  const RandomStream random(1, RandomUse::crop, {});
  for (int64_t t = 0; t < scores.frames; ++t) {
    for (int k = 0; k < kTokens; ++k) {
      const bool is_said = k == token_of(text[static_cast<size_t>(t / 5)]);
      const float score = is_said ? 3.0F : -5.0F - static_cast<float>(random.uniform(scores.heard.size()));
      scores.heard.push_back(std::exp(score));
      scores.letters.push_back(score);
    }
  }
  return scores;
}

std::vector<float> themselves(std::span<const int> tokens) {
  std::vector<float> meant(tokens.size() * kTokens, 0.0F);
  for (size_t i = 0; i < tokens.size(); ++i) meant[i * kTokens + static_cast<size_t>(tokens[i])] = 1.0F;
  return meant;
}

AlignedText align(const RecordingScores& scores, const std::vector<std::string>& texts,
                  const TextAlignerOptions& options = {}) {
  std::vector<TextLine> lines;
  for (const std::string& text : texts) lines.push_back({std::ssize(lines) + 1, text});
  static const TokenReader reader({.language = "en", .max_readings = 1});
  return align_text(scores, kClock, kCalibration, themselves, lines, reader, options);
}

}  // namespace

TEST_CASE("text aligner: every word and character where it is said, with the bytes that it comes from") {
  const AlignedText text = align(said("  so it is   maybe "), {"So, it is!", "<i>Maybe</i>"});
  REQUIRE(text.lines.size() == 2);
  CHECK(text.lines[0].spoken);
  CHECK(text.lines[0].time.start_seconds == doctest::Approx(0.010 + 2 * 0.05).epsilon(0.01));
  CHECK(text.lines[0].time.end_seconds == doctest::Approx(0.010 + 10 * 0.05).epsilon(0.01));
  REQUIRE(text.lines[0].words.size() == 3);
  CHECK(text.lines[0].words[0].text == "So");
  CHECK(text.lines[1].words[0].text == "Maybe");
  CHECK(text.lines[1].words[0].source == ByteRange{3, 8});
  CHECK(text.lines[1].words[0].characters.size() == 5);
  CHECK(text.lines[1].words[0].characters[2].name == "y");
  CHECK(text.lines[1].words[0].characters[2].source == ByteRange{5, 6});
  CHECK(text.lines[0].confidence > 0.9);
}

TEST_CASE("text aligner: a line that is not spoken is left without times and moves no other") {
  const RecordingScores scores = said("  hello there   good morning  ");
  const AlignedText with = align(scores, {"hello there", "xylophone buzz", "good morning"});
  const AlignedText without = align(scores, {"hello there", "good morning"});
  REQUIRE(with.lines.size() == 3);
  CHECK_FALSE(with.lines[1].spoken);
  CHECK(with.lines[1].words.empty());
  CHECK(with.lines[1].confidence < 0.1);
  CHECK(with.lines[0].time.end_seconds == without.lines[0].time.end_seconds);
  CHECK(with.lines[2].time.start_seconds == without.lines[1].time.start_seconds);
}

TEST_CASE("text aligner: speech that does not stand in the text is passed by") {
  const AlignedText text =
      align(said("  hello there   nobody wrote this down   good morning  "), {"hello there", "good morning"});
  CHECK(text.lines[0].time.end_seconds == doctest::Approx(0.010 + 13 * 0.05).epsilon(0.01));
  CHECK(text.lines[1].time.start_seconds == doctest::Approx(0.010 + 41 * 0.05).epsilon(0.01));
}

TEST_CASE("text aligner: letters that attend are asked for the frames of their line and no others") {
  const std::string speech = "  hello there      good morning  ";
  const RecordingScores scores = said(speech);
  const std::vector<std::string> lines{"hello there", "good morning"};
  const AlignedText alone = align(scores, lines);
  std::vector<std::pair<int64_t, int64_t>> asked;
  TextAlignerOptions options;
  options.heard_margin_seconds = 0.1;
  options.heard_letter_sounds = [&](std::span<const int> tokens, int64_t first_frame, int64_t end_frame) {
    if (tokens.size() > 1) asked.emplace_back(first_frame, end_frame);
    return themselves(tokens);
  };
  const AlignedText attending = align(scores, lines, options);
  REQUIRE(asked.size() == 2);
  CHECK(std::abs(asked[0].first) <= 1);
  CHECK(std::abs(asked[0].second - (13 * 5 + 10)) <= 1);
  CHECK(std::abs(asked[1].first - (19 * 5 - 10)) <= 1);
  CHECK(std::abs(asked[1].second - scores.frames) <= 1);
  for (size_t i = 0; i < lines.size(); ++i) {
    CHECK(attending.lines[i].time.start_seconds == doctest::Approx(alone.lines[i].time.start_seconds));
    CHECK(attending.lines[i].time.end_seconds == doctest::Approx(alone.lines[i].time.end_seconds));
    CHECK(attending.lines[i].words.size() == alone.lines[i].words.size());
    CHECK(attending.lines[i].confidence == doctest::Approx(alone.lines[i].confidence));
  }
  // What they stand for where they attend decides whether the line is spoken.
  options.heard_letter_sounds = [&](std::span<const int> tokens, int64_t first_frame, int64_t) {
    const bool second = first_frame > 50;
    return second && tokens.size() > 1 ? themselves(std::vector<int>(tokens.size(), token_of('x')))
                                       : themselves(tokens);
  };
  const AlignedText refused = align(scores, lines, options);
  CHECK(refused.lines[0].spoken);
  CHECK_FALSE(refused.lines[1].spoken);
}

TEST_CASE("text aligner: lines without letters, text longer than the audio") {
  const AlignedText text = align(said(" a "), {"♪♪", "***"});
  CHECK_FALSE(text.lines[0].spoken);
  CHECK_FALSE(text.lines[1].spoken);
  const AlignedText long_text = align(said("a"), {"this is by far too long for the audio"});
  CHECK_FALSE(long_text.lines[0].spoken);
}

TEST_CASE("text aligner: around a coarse path the same times as without") {
  std::string speech = "  ";
  std::vector<std::string> lines;
  const RandomStream random(3, RandomUse::crop, {});
  for (uint64_t i = 0; i < 40; ++i) {
    std::string line;
    for (uint64_t k = 0; k < 24; ++k)
      line += k % 6 == 5 ? ' ' : static_cast<char>('a' + static_cast<int>(random.below(24 * i + k, 26)));
    line.pop_back();
    for (size_t k = 1; k < line.size(); ++k) {
      if (line[k] == line[k - 1]) line[k] = line[k] == 'q' ? 'r' : 'q';
    }
    lines.push_back(line);
    speech += line + "   ";
  }
  const RecordingScores scores = said(speech);
  const AlignedText whole = align(scores, lines);
  const AlignedText banded = align(scores, lines, {.most_cells = 0, .margin_seconds = 1.0});
  for (size_t i = 0; i < lines.size(); ++i) {
    CHECK(whole.lines[i].spoken);
    CHECK(banded.lines[i].time.start_seconds == whole.lines[i].time.start_seconds);
    CHECK(banded.lines[i].time.end_seconds == whole.lines[i].time.end_seconds);
  }
}

TEST_CASE("text aligner: it stops, and does not look for the path that a coarse one was to prepare") {
  int asked = 0;
  const auto stop = [&] {
    ++asked;
    return true;
  };
  const AlignedText text =
      align(said("  so it is   maybe "), {"So it is", "maybe"}, {.most_cells = 10, .stop_requested = stop});
  CHECK(asked == 2);  // by the coarse path and behind it
  CHECK_FALSE(text.lines[0].spoken);
  CHECK_FALSE(text.lines[1].spoken);
}
