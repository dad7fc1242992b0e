#include "wav2vec/subtitle/retime.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>

#include "subtitle/reading.h"
#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

struct File {
  const char* name;
  std::string text;  ///< with one %s for words
  double resolution_seconds = 0.0;
};

std::vector<File> files() {
  return {
      {"a.srt",
       "1\n00:00:01,000 --> 00:00:02,500\n<i>%s</i>\n\n2\n0:0:3.5-->00:00:04,25 X1:1\n%s\n%s\n3\n"
       "00:00:05,000 --> 00:00:06,000\n\n",
       0.001},
      {"a.vtt",
       "WEBVTT - %s\n\nNOTE %s\n\nid\n00:01.000 --> 00:02.500 align:start\n%s\n\n00:00:03.000 --> "
       "00:04.000\n%s\n",
       0.001},
      {"a.ass",
       "[Script Info]\n; %s\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, "
       "Effect, "
       "Text\nComment: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,%s\nDialogue: "
       "0,0:00:01.00,0:00:02.50,D,%s,0,0,0,,{\\i1}%s\n"
       "Dialogue: 0,0:00:03.00,0:00:04.00,D,,0,0,0,,%s\\N%s\n",
       0.01},
      {"a.ttml",
       "<?xml version=\"1.0\"?>\n<tt ttp:frameRate=\"25\" ttp:tickRate=\"1000\"><!-- %s --><body>\n"
       "<p begin=\"00:00:01.000\" end='2.5s'>%s<br/>%s</p>\n<p begin=\"3000t\" dur=\"1s\">%s</p>\n"
       "<p begin=\"00:00:05:12\" end=\"150f\">%s</p></body></tt>\n",
       0.04},
      {"a.sbv", "0:00:01.000,0:00:02.500\n%s\n\n0:00:03.000,0:00:04.000\n%s\n%s\n", 0.001},
      {"a.sub", "{1}{1}25.000\n{25}{50}%s|%s\n{75}{100}%s\n", 0.04},
  };
}

struct Encoding {
  const char* name;
  std::string bom;
  std::string words;
};

std::vector<Encoding> encodings() {
  const std::string french = "Où est passée l’élève déjà à côté de la forêt";
  const std::string russian = "Привет, как твои дела сегодня, мы уже где-то встречались";
  const std::string japanese = "こんにちは、今日は元気ですか。表示ソフト";
  const std::string chinese = "你好，今天过得怎么样？我觉得我们以前在什么地方见过面。";
  return {{"UTF-8", "", japanese},      {"UTF-8", "\xEF\xBB\xBF", russian},
          {"UTF-16LE", "", russian},    {"UTF-16LE", "\xFF\xFE", japanese},
          {"UTF-16BE", "", chinese},    {"UTF-16BE", "\xFE\xFF", french},
          {"windows-1252", "", french}, {"windows-1251", "", russian},
          {"Shift_JIS", "", japanese},  {"GB18030", "", chinese}};
}

/// Mixed: another one for every line.
std::string with_line_ends(const std::string& text, const std::string& kind) {
  if (kind != "mixed") return replaced(text, "\n", kind);
  const char* ends[] = {"\r\n", "\n", "\r\n", "\r\r\n"};
  std::string out;
  size_t line = 0;
  for (const char c : text) {
    if (c == '\n') {
      out += ends[line++ % 4];
    } else {
      out += c;
    }
  }
  return out;
}

Subtitle srt_line(const std::string& times) { return parsed(fmt::format("1\n{}\nx\n", times)); }

/// The line of times of a file with one cue after its times were changed.
std::string line_after(const std::string& times, double start_seconds, double end_seconds) {
  const CueTimes one[] = {{start_seconds, end_seconds}};
  std::string bytes = retimed(srt_line(times), one);
  REQUIRE(bytes.starts_with("1\n"));
  REQUIRE(bytes.ends_with("\nx\n"));
  return bytes.substr(2, bytes.size() - 5);
}

std::string attribute_after(const std::string& attributes, const std::string& parameters,
                            const CueTimes& times) {
  const std::string head = fmt::format("<tt {}><body><p ", parameters);
  const CueTimes one[] = {times};
  const std::string bytes =
      retimed(parsed(fmt::format("{}{}>x</p></body></tt>", head, attributes), "a.ttml"), one);
  const size_t end = bytes.find(">x</p>");
  REQUIRE(end != std::string::npos);
  return bytes.substr(head.size(), end - head.size());
}

}  // namespace

TEST_CASE("retime: formats, encodings and line ends come back byte for byte") {
  for (const File& file : files()) {
    for (const Encoding& encoding : encodings()) {
      for (const std::string end : {"\n", "\r\n", "\r", "mixed"}) {
        CAPTURE(file.name);
        CAPTURE(encoding.name);
        CAPTURE(encoding.bom.size());
        CAPTURE(end);
        const std::string text = with_line_ends(replaced(file.text, "%s", encoding.words), end);
        const std::string bytes = encoding.bom + in_encoding(text, encoding.name);
        const Subtitle subtitle = parsed(bytes, file.name);
        REQUIRE(subtitle.decoded.text == text);
        CHECK(subtitle.decoded.has_bom == !encoding.bom.empty());
        REQUIRE(subtitle.cues.size() >= 2);
        std::vector<CueTimes> times = times_of(subtitle);
        CHECK(retimed(subtitle, times) == bytes);

        // One cue moves: what lies before and behind it stays, and it is read where it was put.
        times[1].start_seconds += 3600.52;
        times[1].end_seconds += 3601.52;
        const std::string moved = retimed(subtitle, times);
        const size_t begin = subtitle.decoded.source_of(subtitle.cues[1].start_field.place.begin);
        const size_t tail = bytes.size() - subtitle.decoded.source_of(subtitle.cues[1].end_field.place.end);
        CHECK(moved != bytes);
        CHECK(moved.substr(0, begin) == bytes.substr(0, begin));
        CHECK(moved.substr(moved.size() - tail) == bytes.substr(bytes.size() - tail));
        const Subtitle again = parsed(moved, file.name);
        CHECK(texts_of(again) == texts_of(subtitle));
        REQUIRE(again.cues.size() == subtitle.cues.size());
        for (size_t i = 0; i < times.size(); ++i) {
          CHECK(std::abs(again.cues[i].start_seconds - times[i].start_seconds) <=
                file.resolution_seconds * 0.51);
          CHECK(std::abs(again.cues[i].end_seconds - times[i].end_seconds) <= file.resolution_seconds * 0.51);
        }
      }
    }
  }
}

TEST_CASE("retime: the style of a field stays") {
  CHECK(line_after("00:00:01,000 --> 00:00:02,000", 3.25, 4) == "00:00:03,250 --> 00:00:04,000");
  CHECK(line_after("00:00:01.000-->00:00:02.000", 3.25, 4) == "00:00:03.250-->00:00:04.000");
  CHECK(line_after("0:0:1,5 --> 0:0:2,5", 3.5, 64.5) == "0:0:3,5 --> 0:1:4,5");
  CHECK(line_after("00:00:01 --> 00:00:02", 3, 4) == "00:00:03 --> 00:00:04");
  CHECK(line_after("00:00:01:000 --> 00:00:02:000", 3.25, 4) == "00:00:03:250 --> 00:00:04:000");
  CHECK(line_after("００：００：０１，０００ --> 00:00:02,000", 3.25, 2) ==
        "００：００：０３，２５０ --> 00:00:02,000");
  CHECK(line_after("00.00.01,000 --> 00.00.02,000", 3.25, 4) == "00.00.03,250 --> 00.00.04,000");
  CHECK(line_after("00:00:01,000000 --> 00:00:02,000000", 3.123456, 4) ==
        "00:00:03,123456 --> 00:00:04,000000");
  CHECK(line_after("00:01,000 --> 00:02,000", 3.25, 3604) == "00:03,250 --> 01:00:04,000");
  CHECK(line_after("0:00:01,000 --> 0:00:02,000", 3.25, 36004) == "0:00:03,250 --> 10:00:04,000");
  CHECK(line_after("100:00:00,000 --> 100:00:01,000", 3.25, 4) == "00:00:03,250 --> 00:00:04,000");
  CHECK(line_after("000:00:01,000 --> 000:00:02,000", 3.25, 4) == "000:00:03,250 --> 000:00:04,000");
  CHECK(line_after("  00:00:01,000 - - >\t00:00:02,000  X1:63 X2:1", 1, 4) ==
        "  00:00:01,000 - - >\t00:00:04,000  X1:63 X2:1");
}

TEST_CASE("retime: a fraction grows to milliseconds where it must") {
  CHECK(line_after("00:00:01,5 --> 00:00:02,5", 1.5, 3.25) == "00:00:01,5 --> 00:00:03,250");
  CHECK(line_after("00:00:01 --> 00:00:02", 1.125, 2) == "00:00:01,125 --> 00:00:02");
  // Four digits "1000" would be read as a second.
  CHECK(line_after("00:00:01,1000 --> 00:00:05,000", 3.1, 5) == "00:00:03,100 --> 00:00:05,000");
}

TEST_CASE("retime: rounding carries, and a sign stays") {
  CHECK(line_after("00:00:01,000 --> 00:00:02,000", 59.9996, 3599.9999) == "00:01:00,000 --> 01:00:00,000");
  CHECK(line_after("00:00:01,000 --> 00:00:02,000", -1.5, -0.0001) == "-00:00:01,500 --> 00:00:00,000");
  CHECK(line_after("-00:00:01,000 --> 00:00:02,000", 1, 2) == "00:00:01,000 --> 00:00:02,000");
}

TEST_CASE("retime: only fields that differ are touched") {
  CHECK(line_after("00:00:1,5 --> 00:00:02,000", 1.5, 3) == "00:00:1,5 --> 00:00:03,000");
  CHECK(line_after("00:00:01,1000 --> 00:00:02,5", 2, 3.5) == "00:00:01,1000 --> 00:00:03,5");
}

TEST_CASE("retime: what the file does not say is not written") {
  const CueTimes times[] = {{7, 8}};
  CHECK(line_after("00:0O:03,000 --> 00:00:0x,000", 7, 8) == "00:0O:03,000 --> 00:00:0x,000");
  CHECK(line_after("00:0O:03,000 --> 00:00:04,000", 7, 8) == "00:0O:03,000 --> 00:00:08,000");
  const std::string open = "{25}{}x\n";
  CHECK(retimed(parsed(open, "a.sub"), times) == "{168}{}x\n");
}

TEST_CASE("retime: ASS stays at hundredths and one digit of hours") {
  const std::string head = "[Events]\nDialogue: 0,";
  const std::string tail = ",D,,0,0,0,,x\n";
  const CueTimes times[] = {{3.256, 36000}};
  CHECK(retimed(parsed(head + "0:00:01.00,0:00:02.00" + tail, "a.ass"), times) ==
        head + "0:00:03.26,10:00:00.00" + tail);
  CHECK(retimed(parsed(head + "10:00:01.00, 10:00:02.00 " + tail, "a.ass"), times) ==
        head + "0:00:03.26, 10:00:00.00 " + tail);
}

TEST_CASE("retime: frames are rounded") {
  const CueTimes times[] = {{2.019, 3.021}};
  CHECK(retimed(parsed("{1}{1}25\n{ 25 }{50}x\n", "a.sub"), times) == "{1}{1}25\n{ 50 }{76}x\n");
}

TEST_CASE("retime: TTML's kinds of time") {
  CHECK(attribute_after("begin=\"00:00:01.000\" end=\"00:00:02\"", "", {3.25, 4.5}) ==
        "begin=\"00:00:03.250\" end=\"00:00:04.500\"");
  CHECK(attribute_after("begin='1s' end='2500ms'", "", {3.25, 4}) == "begin='3.250s' end='4000ms'");
  CHECK(attribute_after("begin='1s' end='2.5s'", "", {3, 4}) == "begin='3s' end='4.0s'");
  CHECK(attribute_after("begin='1m' end='1h'", "", {90, 7200}) == "begin='1.50000m' end='2h'");
  CHECK(attribute_after("begin='25f' end='00:00:02:05'", "ttp:frameRate='25'", {2.03, 3.96}) ==
        "begin='51f' end='00:00:03:24'");
  CHECK(attribute_after("begin='10000000t' end='20000000t'", "ttp:tickRate='10000000'", {1.5, 2}) ==
        "begin='15000000t' end='20000000t'");
  CHECK(attribute_after("begin='00:00:01:00' end='00:00:02:00'", "ttp:frameRate='25'", {1.999, 3.5}) ==
        "begin='00:00:02:00' end='00:00:03:13'");
}

TEST_CASE("retime: TTML's dur counts from the start") {
  CHECK(attribute_after("begin='1s' dur='2s'", "", {5, 7}) == "begin='5s' dur='2s'");
  CHECK(attribute_after("begin='1s' dur='2s'", "", {1, 4}) == "begin='1s' dur='3s'");
  CHECK(attribute_after("begin='1.1s' dur='0.2s'", "", {5.7, 5.9}) == "begin='5.7s' dur='0.2s'");
  const std::string bytes = "<tt><body begin='10s'><p begin='1s' end='2s'>x</p></body></tt>";
  const CueTimes times[] = {{12, 14}};
  CHECK(retimed(parsed(bytes, "a.ttml"), times) == replaced(replaced(bytes, "'2s'", "'4s'"), "'1s'", "'2s'"));
}

TEST_CASE("retime: frames of SMPTE time come back, numbers dropped or not") {
  for (const char* mode : {"nonDrop", "dropNTSC"}) {
    const std::string parameters = fmt::format(
        "ttp:timeBase='smpte' ttp:frameRate='30' ttp:frameRateMultiplier='1000 1001' ttp:dropMode='{}'",
        mode);
    for (const char* time :
         {"00:00:59:29", "00:01:00:02", "00:01:59:29", "00:02:00:02", "00:09:59:29", "00:10:00:00",
          "00:10:00:01", "00:10:59:29", "00:11:00:02", "01:00:00:00", "23:59:59:29"}) {
      CAPTURE(mode);
      CAPTURE(time);
      const std::string attributes = fmt::format("begin='{}' end='99:00:00:00'", time);
      const Subtitle there =
          parsed(fmt::format("<tt {}><body><p {}>x</p></body></tt>", parameters, attributes), "a.ttml");
      const CueTimes times = {there.cues[0].start_seconds, there.cues[0].end_seconds};
      CHECK(attribute_after("begin='00:00:00:00' end='99:00:00:00'", parameters, times) == attributes);
    }
  }
}

TEST_CASE("retime: times inside a WebVTT text move in proportion") {
  const std::string bytes =
      "WEBVTT\n\n00:00:01.000 --> 00:00:03.000\na <00:00:02.000>b\n\n00:00:05.000 --> "
      "00:00:06.000\n<00:05.5>c\n";
  const Subtitle subtitle = parsed(bytes, "a.vtt");
  const CueTimes times[] = {{11, 15}, {5, 6}};
  CHECK(retimed(subtitle, times) ==
        replaced(replaced(replaced(bytes, "00:00:01.000", "00:00:11.000"), "00:00:03.000", "00:00:15.000"),
                 "00:00:02.000", "00:00:13.000"));
}

TEST_CASE("retime: one pair of finite times for each cue") {
  const Subtitle subtitle = srt_line("00:00:01,000 --> 00:00:02,000");
  CHECK_THROWS_AS(retimed(subtitle, {}), InternalError);
  const CueTimes never[] = {{std::nan(""), 1}};
  CHECK_THROWS_AS(retimed(subtitle, never), InternalError);
}

}  // namespace wav2vec
