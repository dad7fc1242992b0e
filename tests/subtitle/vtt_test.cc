#include <doctest/doctest.h>
#include <fmt/format.h>

#include "subtitle/reading.h"
#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

Subtitle vtt(const std::string& text) { return parsed(text, "a.vtt"); }

constexpr const char* kCue = "00:01.000 --> 00:02.000\nA\n";

}  // namespace

TEST_CASE("vtt: headers in every shape") {
  struct Case {
    std::string header;
    std::string code;
  };
  const std::vector<Case> cases = {{"WEBVTT\n\n", ""},
                                   {"\xEF\xBB\xBFWEBVTT\n\n", ""},
                                   {"WEBVTT - a title\n\n", ""},
                                   {"WEBVTT\ttitle\n\n", ""},
                                   {"WEBVTT \n\n\n\n", ""},
                                   {"WEBVTT\nKind: captions\nLanguage: en\n\n", ""},
                                   {"WEBVTTx\n\n", "odd_header"},
                                   {"webvtt\n\n", "odd_header"},
                                   {"\nWEBVTT\n\n", "odd_header"},
                                   {"WEBVTT\n", "no_blank_line"},
                                   {"WEBVTT\n\nWEBVTT\n\n", "stray_text"},
                                   {"", "missing_header"}};
  for (const auto& [header, code] : cases) {
    CAPTURE(header);
    const Subtitle subtitle = vtt(header + kCue);
    CHECK(subtitle.format == SubtitleFormat::vtt);
    CHECK(texts_of(subtitle) == Texts{"A"});
    CHECK(ids_of(subtitle) == Texts{""});
    CHECK(codes_of(subtitle) == (code.empty() ? Texts{} : Texts{code}));
  }
  const Subtitle header_only = vtt("WEBVTT");
  CHECK(header_only.cues.empty());
  CHECK(codes_of(header_only) == Texts{"no_cues"});
}

TEST_CASE("vtt: times") {
  struct Case {
    std::string line;
    double start_seconds = 0.0;
    double end_seconds = 0.0;
    std::string code;
  };
  const std::vector<Case> cases = {
      {"00:01.000 --> 00:02.000", 1, 2, ""},
      {"01:00:01.000 --> 123:00:02.000", 3601, 442802, "long_hours"},
      {"1:01.000 --> 1:02.000", 61, 62, "short_field"},
      {"60:00.000 --> 61:00.000", 3600, 3660, "out_of_range"},
      {"00:01,000 --> 00:02,000", 1, 2, "decimal_mark"},
      {"00:01 --> 00:02", 1, 2, "missing_fraction"},
      {"00:01.5 --> 00:02.000", 1.5, 2, "fraction_digits"},
      {"00:01.000-->00:02.000", 1, 2, ""},
      {"00:01.000\t -->\t00:02.000", 1, 2, ""},
      {"00:01.000 --> 00:02.000 line:-1 position:50%,line-left size:80% align:start vertical:rl region:fred",
       1, 2, ""},
      {"00:01.000 --> 00:02.000 line:bad position:-3 nonsense", 1, 2, ""},
      {"00:01.000 -> 00:02.000", 1, 2, "odd_arrow"}};
  for (const auto& [line, start, end, code] : cases) {
    CAPTURE(line);
    const Subtitle subtitle = vtt(fmt::format("WEBVTT\n\nid\n{}\ntext\n", line));
    REQUIRE(subtitle.cues.size() == 1);
    CHECK(subtitle.cues[0].start_seconds == start);
    CHECK(subtitle.cues[0].end_seconds == end);
    CHECK(subtitle.cues[0].id == "id");
    CHECK(subtitle.cues[0].text == "text");
    CHECK(subtitle.cues[0].line == 4);
    if (code.empty()) CHECK(codes_of(subtitle).empty());
    if (!code.empty()) CHECK(warns(subtitle, code));
  }
}

TEST_CASE("vtt: comments, styles and regions are no cues") {
  const Subtitle subtitle =
      vtt("WEBVTT\n\nNOTE one line\n\nNOTE\nmany\nlines\n\nSTYLE\n::cue { color: red }\n\nREGION\nid:fred\n\n"
          "00:01.000 --> 00:02.000\nNOTE is said\n\nNOTE\n\n7\n00:03.000 --> 00:04.000\nB\n");
  CHECK(texts_of(subtitle) == Texts{"NOTE is said", "B"});
  CHECK(ids_of(subtitle) == Texts{"", "7"});
  CHECK(codes_of(subtitle).empty());
}

TEST_CASE("vtt: a stray line before a style does not name the next cue") {
  const Subtitle subtitle = vtt(fmt::format("WEBVTT\n\nstray\nSTYLE\n::cue {{}}\n\n{}", kCue));
  CHECK(ids_of(subtitle) == Texts{""});
  CHECK(texts_of(subtitle) == Texts{"A"});
  CHECK(codes_of(subtitle) == Texts{"stray_text"});
  CHECK(subtitle.warnings[0].line == 3);
}

TEST_CASE("vtt: names of cues") {
  for (const std::string id : {"intro", "12", "a -> b", "- x", "1 - Hello"}) {
    CAPTURE(id);
    const Subtitle subtitle = vtt(fmt::format("WEBVTT\n\n{}\n{}", id, kCue));
    CHECK(ids_of(subtitle) == Texts{id});
    CHECK(codes_of(subtitle).empty());
  }
  const Subtitle arrow = vtt(fmt::format("WEBVTT\n\nx --> y\n{}", kCue));
  CHECK(ids_of(arrow) == Texts{""});
  CHECK(codes_of(arrow) == Texts{"stray_text"});
  // Only the line right before the times is a name.
  const Subtitle two = vtt(fmt::format("WEBVTT\n\nfirst\nsecond\n{}", kCue));
  CHECK(ids_of(two) == Texts{"second"});
  CHECK(codes_of(two) == Texts{"stray_text"});
}

TEST_CASE("vtt: an empty line ends a cue, blanks do not, times do") {
  const Subtitle subtitle =
      vtt("WEBVTT\n\n00:01.000 --> 00:02.000\nA\n \nB\n\nlost\n\n00:03.000 --> 00:04.000\nC\n00:05.000 --> "
          "00:06.000\n"
          "x --> y\n");
  CHECK(texts_of(subtitle) == Texts{"A\n\nB", "C", "x --> y"});
  CHECK(codes_of(subtitle) == Texts{"stray_text", "no_blank_line", "arrow_in_text"});
}

TEST_CASE("vtt: cues that follow each other without an empty line") {
  const Subtitle subtitle =
      vtt("WEBVTT\n\n1\n00:01.000 --> 00:02.000\nA\n2\n00:03.000 --> 00:04.000\nB\n42\n00:05.000 --> "
          "00:06.000\nC\n");
  CHECK(ids_of(subtitle) == Texts{"1", "2", ""});
  CHECK(texts_of(subtitle) == Texts{"A", "B\n42", "C"});
}

TEST_CASE("vtt: times after a comment's word are a cue, as in browsers") {
  const Subtitle subtitle = vtt(fmt::format("WEBVTT\n\nNOTE\n{}", kCue));
  CHECK(texts_of(subtitle) == Texts{"A"});
  CHECK(codes_of(subtitle) == Texts{"times_in_comment"});
}

TEST_CASE("vtt: speakers, and times inside the text") {
  const Subtitle subtitle = vtt(
      "WEBVTT\n\n00:00:01.000 --> 00:00:04.000\n<v.loud Mary Ann>Hi <00:00:02.000>there<c.red> <00:00:03.500>"
      "you</c></v>\n<v Bob>Hm <b <00:99 <not a time>\n");
  REQUIRE(subtitle.cues.size() == 1);
  CHECK(subtitle.cues[0].speaker == "Mary Ann");
  CHECK(subtitle.cues[0].stamps.size() == 2);
  CHECK(subtitle.cues[0].text.starts_with("<v.loud Mary Ann>Hi <00:00:02.000>there"));
}

TEST_CASE("vtt: a timestamp map is told and not applied") {
  const Subtitle subtitle =
      vtt(fmt::format("WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:02.000,MPEGTS:900000\n\n{}", kCue));
  REQUIRE(subtitle.timestamp_map_seconds.has_value());
  CHECK(*subtitle.timestamp_map_seconds == 8.0);
  CHECK(subtitle.cues[0].start_seconds == 1.0);
  const Subtitle other =
      vtt(fmt::format("WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:180000,LOCAL:00:00:00.000\n\n{}", kCue));
  CHECK(other.timestamp_map_seconds == 2.0);
  const Subtitle bad = vtt(fmt::format("WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:x\n\n{}", kCue));
  CHECK_FALSE(bad.timestamp_map_seconds.has_value());
  CHECK(codes_of(bad) == Texts{"bad_timestamp_map"});
}

TEST_CASE("vtt: two cues at the same time are two cues") {
  CHECK(vtt(fmt::format("WEBVTT\n\n{}\n{}", kCue, kCue)).cues.size() == 2);
}

}  // namespace wav2vec
