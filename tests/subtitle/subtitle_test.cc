#include "wav2vec/subtitle/subtitle.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "subtitle/reading.h"
#include "support/temporary_folder.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/file.h"

namespace wav2vec {
namespace {

using namespace std::string_literals;

constexpr const char* kSrt = "1\n00:00:01,000 --> 00:00:02,000\nA\n";

std::string message_of(const std::string& bytes, const SubtitleOptions& options) {
  try {
    parse_subtitle(bytes, options);
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

std::string message_of(const std::string& bytes, const std::string& name = "a.srt") {
  SubtitleOptions options;
  options.name = name;
  return message_of(bytes, options);
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("formats: the content decides, then the name") {
  struct Case {
    std::string bytes;
    std::string name;
    SubtitleFormat format;
  };
  const std::string vtt = "WEBVTT\n\n00:01.000 --> 00:02.000\nA\n";
  const std::string ass = "[Script Info]\n[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,A\n";
  const std::string ttml =
      "<!-- c --><?xml version='1.0'?><tt><body><p begin='1s' end='2s'>A</p></body></tt>";
  const std::vector<Case> cases = {{kSrt, "a.srt", SubtitleFormat::srt},
                                   {kSrt, "a", SubtitleFormat::srt},
                                   {kSrt, "a.ass", SubtitleFormat::srt},
                                   {kSrt, "a.vtt", SubtitleFormat::vtt},
                                   {vtt, "a.srt", SubtitleFormat::vtt},
                                   {ass, "a.txt", SubtitleFormat::ass},
                                   {ttml, "a.xml", SubtitleFormat::ttml},
                                   {ttml, "a.srt", SubtitleFormat::ttml},
                                   {"{24}{48}A\n", "a.sub", SubtitleFormat::microdvd},
                                   {"0:00:01.000,0:00:02.000\nA\n", "a.sbv", SubtitleFormat::sbv}};
  for (const auto& [bytes, name, format] : cases) {
    CAPTURE(bytes);
    CAPTURE(name);
    const Subtitle subtitle = parsed(bytes, name);
    CHECK(subtitle.format == format);
    CHECK(subtitle.cues.size() == 1);
    const bool other = name == "a.ass" || (name == "a.srt" && format != SubtitleFormat::srt);
    CHECK(warns(subtitle, "other_format") == other);
    SubtitleOptions options;
    options.format = format;
    CHECK(parse_subtitle(bytes, options).cues.size() == 1);
  }
}

TEST_CASE("formats have names") {
  for (const char* name : {"srt", "vtt", "ass", "ttml", "sbv", "microdvd"})
    CHECK(name_of(subtitle_format_of(name)) == name);
  CHECK_THROWS_AS(subtitle_format_of("doc"), ConfigError);
}

TEST_CASE("empty files have no cues and say so") {
  for (const std::string& bytes : {""s, "\xEF\xBB\xBF"s, "\xFF\xFE"s, "\n\n\r\n"s, "  \t\n"s, "\x1A"s}) {
    for (const char* name : {"a.srt", "a.ass", "a.ttml", "a.sbv", "a"}) {
      const Subtitle subtitle = parsed(bytes, name);
      CHECK(subtitle.cues.empty());
      CHECK(codes_of(subtitle) == Texts{"no_cues"});
    }
    CHECK(warns(parsed(bytes, "a.vtt"), "missing_header"));
  }
}

TEST_CASE("files of another kind are refused with what they are") {
  struct Case {
    std::string bytes;
    std::string found;
  };
  std::string noise;
  for (int i = 0; i < 5000; ++i) noise += static_cast<char>((i * 7919 + i / 3 * 31) % 256);
  const std::vector<Case> cases = {
      {"\x1A\x45\xDF\xA3\x01\0\0\0"s, "a Matroska or WebM video"},
      {"\0\0\0\x20"
       "ftypisom"s,
       "an MP4 or QuickTime file"},
      {"RIFF1234AVI LIST"s, "RIFF"},
      {"ID3\x04"s + noise, "an MP3 file"},
      {"\0\0\x01\xBA"s + noise, "VobSub"},
      {"PK\x03\x04"s + noise, "a ZIP archive; unpack it first"},
      {"\x1F\x8B\x08"s + noise, "a gzip archive"},
      {"G"s + std::string(187, 'x') + "G" + std::string(187, 'x') + "G", "an MPEG transport stream"},
      {"{\\rtf1 hello}", "an RTF document"},
      {noise, "binary data"},
      {"<!DOCTYPE html>\n<html><body>00:00:01,000 --> 00:00:02,000</body></html>", "an HTML page"},
      {"<html><p begin='1s'>x</p></html>", "an HTML page"},
      {"<SAMI><BODY><SYNC Start=1></SAMI>", "a SAMI file"},
      {"<?xml version='1.0'?><rss>x</rss>", "XML of another kind"},
      {"# VobSub index file, v7\n", "an index of VobSub pictures"},
      {"[00:12.00]la la\n", "LRC lyrics"},
      {"[100][200]text\n", "an MPL2 file"},
      {"{\"cues\": []}", "JSON"},
      {"Once upon a time\nthere was no time.\n", "text without times"}};
  for (const auto& [bytes, found] : cases) {
    CAPTURE(found);
    const std::string message = message_of(bytes);
    CHECK(has(message, "a.srt: expected subtitles"));
    CHECK(has(message, found));
    SubtitleOptions options;
    options.format = SubtitleFormat::srt;
    options.name = "b.srt";
    if (!has(found, "HTML")) CHECK(has(message_of(bytes, options), "b.srt: expected SubRip"));
  }
}

TEST_CASE("a format that is asked for is not given up") {
  SubtitleOptions options;
  options.format = SubtitleFormat::ass;
  CHECK(has(message_of(kSrt, options), "expected ASS subtitles with Dialogue lines"));
  options.format = SubtitleFormat::ttml;
  CHECK(has(message_of(kSrt, options), "expected a TTML document"));
}

TEST_CASE("strict: the first warning is an error with its line and code") {
  SubtitleOptions options;
  options.name = "a.srt";
  options.strict = true;
  CHECK(parse_subtitle(kSrt, options).cues.size() == 1);
  CHECK(message_of("1\n00:00:01.000 --> 00:00:02,000\nA\n\n00:00:03 --> 00:00:04,000\nB\n", options) ==
        "a.srt:2: expected ',' before the fraction, found '00:00:01.000' (decimal_mark)");
  CHECK(has(message_of("", options), "(no_cues)"));
  CHECK(has(message_of("1\n00:00:01,000 --> 00:00:02,000\n\xE9t\xE9 d\xE9j\xE0\n", options),
            "(guessed_encoding)"));
  options.encoding = "windows-1252";
  CHECK(parse_subtitle("1\n00:00:01,000 --> 00:00:02,000\n\xE9t\xE9 d\xE9j\xE0\n", options).cues[0].text ==
        "été déjà");
}

TEST_CASE("warnings about bytes name their line") {
  const Subtitle invalid = parsed("1\n00:00:01,000 --> 00:00:02,000\né ü\na\xFF\n");
  CHECK(codes_of(invalid) == Texts{"invalid_bytes"});
  CHECK(invalid.warnings[0].line == 4);
  CHECK(invalid.cues[0].text == "é ü\na\uFFFD");
  const Subtitle nul = parsed("1\n00:00:01,000 --> 00:00:02,000\na\0b and some more text\n"s);
  CHECK(codes_of(nul) == Texts{"nul_character"});
  CHECK(nul.warnings[0].line == 3);
  CHECK(nul.cues.size() == 1);
  const Subtitle twice = parsed("ï»¿"s + kSrt);
  CHECK(codes_of(twice) == Texts{"double_bom"});
  CHECK(ids_of(twice) == Texts{"1"});
}

TEST_CASE("warnings are safe to print") {
  const Subtitle subtitle =
      parsed("1\n00:00:01,000 --> 00:00:0\x1B[31m\n\n2\n00:0O:03,000 --> 00:00:04,000\x1B\nB\n");
  for (const SubtitleWarning& warning : subtitle.warnings) CHECK_FALSE(has(warning.message, "\x1B"));
  CHECK(has(message_of("no times", "\x1B[31m.srt"), "\\x1b"));
}

TEST_CASE("read_subtitle reads files and names them") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "x.srt";
  write_file(path, kSrt);
  CHECK(read_subtitle(path).cues.size() == 1);
  CHECK_THROWS_AS(read_subtitle(folder.path() / "none.srt"), DataError);
  CHECK_THROWS_AS(read_subtitle(folder.path()), DataError);
  write_file(path, "no subtitles");
  CHECK_THROWS_WITH_AS(read_subtitle(path), doctest::Contains(path.string().c_str()), DataError);
}

TEST_CASE("bad options are the caller's mistake") {
  SubtitleOptions options;
  options.encoding = "klingon";
  CHECK_THROWS_AS(parse_subtitle(kSrt, options), ConfigError);
  options = {};
  options.frames_per_second = -1.0;
  CHECK_THROWS_AS(parse_subtitle("{1}{2}x", options), ConfigError);
}

}  // namespace wav2vec
