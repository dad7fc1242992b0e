#include "wav2vec/align/alignment_files.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "wav2vec/core/error.h"

using namespace wav2vec;

namespace {

AlignedText sample() {
  AlignedText text{.id = "a b.wav", .seconds = 3.0, .lines = {}};
  AlignedLine line{
      .number = 2, .text = "<i>Say \"hi\"</i>", .spoken = true, .time = {0.5, 1.25}, .words = {}};
  line.confidence = 0.875;
  AlignedWord say{.text = "Say",
                  .source = {3, 6},
                  .reading = "say",
                  .time = {0.5, 0.75},
                  .confidence = 0.9,
                  .characters = {}};
  say.characters = {{"s", {3, 4}, {0.5, 0.6}}, {"a", {4, 5}, {0.6, 0.7}}, {"y", {5, 6}, {0.7, 0.75}}};
  AlignedWord hi{.text = "hi", .source = {8, 10}, .time = {1.0, 1.25}, .confidence = 0.5, .characters = {}};
  hi.characters = {{"h", {8, 9}, {1.0, 1.1}}, {"i", {9, 10}, {1.1, 1.25}}};
  line.words = {say, hi};
  text.lines = {line, {.number = 3, .text = "never said", .time = {}, .confidence = 0.01, .words = {}}};
  return text;
}

std::string formatted(AlignmentFormat format) {
  const AlignedText one[] = {sample()};
  return format_alignment(format, one);
}

}  // namespace

TEST_CASE("alignment files: the ending names the format") {
  CHECK(alignment_format_of("x/y.TextGrid") == AlignmentFormat::textgrid);
  CHECK(alignment_format_of("y.textgrid") == AlignmentFormat::textgrid);
  CHECK(alignment_format_of("a.b.SRT") == AlignmentFormat::srt);
  CHECK_THROWS_AS(alignment_format_of("x.doc"), ConfigError);
  CHECK_THROWS_AS(alignment_format_of("json"), ConfigError);
}

TEST_CASE("alignment files: ctm, a word each, blanks in names as underscores") {
  CHECK(formatted(AlignmentFormat::ctm) ==
        "a_b.wav 1 0.500 0.250 Say 0.900\na_b.wav 1 1.000 0.250 hi 0.500\n");
}

TEST_CASE("alignment files: a TextGrid's intervals follow each other without holes to the end") {
  const std::string text = formatted(AlignmentFormat::textgrid);
  CHECK(text.starts_with("File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n"));
  CHECK(text.find("xmax = 3\n") != std::string::npos);
  CHECK(text.find("text = \"<i>Say \"\"hi\"\"</i>\"") != std::string::npos);
  // nothing, Say, nothing, hi, nothing
  CHECK(text.find("name = \"words\"\n        xmin = 0\n        xmax = 3\n        intervals: size = 5\n") !=
        std::string::npos);
  CHECK(
      text.find("name = \"characters\"\n        xmin = 0\n        xmax = 3\n        intervals: size = 8\n") !=
      std::string::npos);
}

TEST_CASE("alignment files: subtitles have the spoken lines as they were written") {
  CHECK(formatted(AlignmentFormat::srt) == "1\n00:00:00,500 --> 00:00:01,250\n<i>Say \"hi\"</i>\n\n");
  CHECK(formatted(AlignmentFormat::vtt) ==
        "WEBVTT\n\n00:00:00.500 --> 00:00:01.250\n&lt;i&gt;<00:00:00.500>Say "
        "\"<00:00:01.000>hi\"&lt;/i&gt;\n\n");
  CHECK(formatted(AlignmentFormat::ass).find("Dialogue: 0,0:00:00.50,0:00:01.25,Default,,0,0,0,,<i>Say") !=
        std::string::npos);
}

TEST_CASE("alignment files: JSON has everything, also what is not spoken") {
  const auto json = nlohmann::json::parse(formatted(AlignmentFormat::json));
  CHECK(json["id"] == "a b.wav");
  REQUIRE(json["lines"].size() == 2);
  CHECK(json["lines"][0]["line"] == 2);
  CHECK(json["lines"][0]["confidence"] == 0.875);
  CHECK(json["lines"][0]["words"][1]["text"] == "hi");
  CHECK(json["lines"][0]["words"][1]["bytes"] == nlohmann::json({8, 10}));
  CHECK(json["lines"][0]["words"][0]["reading"] == "say");
  CHECK(json["lines"][0]["words"][0]["characters"].size() == 3);
  CHECK(json["lines"][0]["words"][0]["characters"][2]["letter"] == "y");
  CHECK(json["lines"][1]["spoken"] == false);
  CHECK_FALSE(json["lines"][1].contains("start"));
  const AlignedText two[] = {sample(), sample()};
  CHECK(nlohmann::json::parse(format_alignment(AlignmentFormat::json, two)).size() == 2);
}

TEST_CASE("alignment files: invalid UTF-8 stays out of JSON") {
  AlignedText text = sample();
  text.lines[0].text = "\xFF\xFE";
  text.lines[0].words.clear();
  const AlignedText one[] = {text};
  CHECK_NOTHROW(nlohmann::json::parse(format_alignment(AlignmentFormat::json, one)));
}

TEST_CASE("alignment files: phones are named so") {
  AlignedText text = sample();
  text.tokens = TokenKind::phones;
  text.lines[0].words[0].characters = {
      {"s", {3, 6}, {0.5, 0.6}}, {"e", {3, 6}, {0.6, 0.7}}, {"ɪ", {3, 6}, {0.7, 0.75}}};
  const AlignedText one[] = {text};
  const auto json = nlohmann::json::parse(format_alignment(AlignmentFormat::json, one));
  CHECK(json["lines"][0]["words"][0]["phones"][2]["phone"] == "ɪ");
  CHECK_FALSE(json["lines"][0]["words"][0].contains("characters"));
  const std::string grid = format_alignment(AlignmentFormat::textgrid, one);
  CHECK(grid.find("name = \"phones\"") != std::string::npos);
  CHECK(grid.find("name = \"characters\"") == std::string::npos);
  CHECK(grid.find("text = \"ɪ\"") != std::string::npos);
}
