// Files that are cut, large or made to hurt.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <random>

#include "subtitle/reading.h"
#include "wav2vec/core/error.h"
#include "wav2vec/subtitle/lint.h"
#include "wav2vec/subtitle/retime.h"

namespace wav2vec {
namespace {

std::vector<std::pair<const char*, std::string>> small_files() {
  const std::string vtt =
      "WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:900000\n\nNOTE x\n\n1\n00:01.000 --> 00:02.000 "
      "line:0\n"
      "<v Bob>é <00:01.500>b</v>\n\n00:03.000 --> 00:04.000\nC\n";
  const std::string srt =
      "\xEF\xBB\xBF"
      "1\r\n00:00:01,000 --> 00:00:02,000\r\n{\\an8}<i>日本</i> &amp; ♪\r\n\r\n2\r\n"
      "-00:00:03.5 - -> 00：00:04，250 X1:1\r\nB\r\n";
  return {{"a.srt", srt},
          {"a.vtt", vtt},
          {"a.ass",
           "[Script Info]\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, "
           "Effect, Text\n"
           "Dialogue: 0,0:00:01.00,0:00:02.00,D,Bob,0,0,0,,{\\i1}é\\Nb\n"},
          {"a.ttml",
           "<?xml version='1.0'?><!DOCTYPE tt [<!ENTITY a 'b'>]><tt:tt ttp:frameRate='25' "
           "ttp:frameRateMultiplier="
           "'1000 1001'><body><!-- c --><div begin='1s'><p begin='00:00:01:12' dur='12.5s' "
           "xml:id=\"x\">é<br/><span>"
           "&amp;<![CDATA[<]]></span></p></div></body></tt:tt>"},
          {"a.sbv", "0:00:01.000,0:00:02.500\nA[br]é\n\n0:00:03.000,0:00:04.000\nB\n"},
          {"a.sub", "{1}{1}23.976\n{24}{48}A|é\n{72}{}B\nmore\n"}};
}

/// Reads, writes back, shifts and judges; only a DataError may come of it. True if it was read.
bool survives(const std::string& bytes, const char* name) {
  try {
    const Subtitle subtitle = parsed(bytes, name);
    std::vector<CueTimes> times = times_of(subtitle);
    CHECK(retimed(subtitle, times) == bytes);
    for (CueTimes& time : times) {
      time.start_seconds += 1.25;
      time.end_seconds += 1.25;
    }
    CHECK(retimed(subtitle, times).size() + 64 > bytes.size());
    lint(subtitle, lint_profile("netflix"));
    return true;
  } catch (const DataError&) {
    return false;
  }
}

}  // namespace

TEST_CASE("hostile: files cut at every byte") {
  for (const auto& [name, bytes] : small_files()) {
    CAPTURE(name);
    int read = 0;
    for (size_t size = 0; size <= bytes.size(); ++size) read += survives(bytes.substr(0, size), name) ? 1 : 0;
    CHECK(read > static_cast<int>(bytes.size() / 4));
    for (const char* encoding : {"UTF-16LE", "UTF-16BE"}) {
      const std::string wide = in_encoding(bytes, encoding);
      for (size_t size = 0; size <= wide.size(); ++size) survives(wide.substr(0, size), name);
    }
  }
}

TEST_CASE("hostile: bytes changed at random") {
  std::mt19937 random(1);
  for (const auto& [name, bytes] : small_files()) {
    CAPTURE(name);
    for (int round = 0; round < 2000; ++round) {
      std::string broken = bytes;
      for (int i = 0; i < 3; ++i) {
        const size_t at = random() % broken.size();
        switch (random() % 3) {
          case 0:
            broken[at] = static_cast<char>(random() % 256);
            break;
          case 1:
            broken.erase(at, 1 + random() % 5);
            break;
          default:
            broken.insert(at, 1, "<>-:,.{}[]&'\"0\n\r"[random() % 16]);
        }
        if (broken.empty()) broken = "x";
      }
      survives(broken, name);
    }
  }
}

TEST_CASE("hostile: times at the edge of numbers") {
  const std::string nines(400, '9');
  for (const std::string& time :
       std::vector<std::string>{nines + ":00:00,000", "999999999:59:59,999", "00:00:00," + nines,
                                "00:" + nines + ":00,000", "00:00:00," + std::string(400, '0') + "1"}) {
    CAPTURE(time.substr(0, 20));
    CHECK(survives(fmt::format("1\n{} --> 00:00:02,000\nA\n\n2\n00:00:03,000 --> 00:00:04,000\nB\n", time),
                   "a.srt"));
  }
  CHECK(survives(fmt::format("{{{}}}{{1}}x\n{{1}}{{999999999999999}}y\n", nines), "a.sub"));
  for (const std::string& time :
       {nines + "s", nines + "t", "1" + std::string(20, '0') + "h", std::string("1e9s")}) {
    const std::string ttml =
        fmt::format("<tt ttp:tickRate='1'><body><p begin='{}' end='2s'>x</p></body></tt>", time);
    const Subtitle subtitle = parsed(ttml, "a.ttml");
    CHECK(retimed(subtitle, times_of(subtitle)) == ttml);
  }
}

TEST_CASE("hostile: a hundred thousand cues") {
  constexpr int kCues = 100000;
  std::string srt;
  std::string vtt = "WEBVTT\n\n";
  std::string ass = "[Events]\n";
  std::string ttml = "<tt><body>";
  std::string sbv;
  std::string sub = "{1}{1}25\n";
  for (int i = 0; i < kCues; ++i) {
    const std::string clock = fmt::format("{:02}:{:02}:{:02}", i / 3600, i / 60 % 60, i % 60);
    srt += fmt::format("{}\n{},000 --> {},900\nline {}\n\n", i + 1, clock, clock, i);
    vtt += fmt::format("{}.000 --> {}.900\nline {}\n\n", clock, clock, i);
    ass += fmt::format("Dialogue: 0,{}.00,{}.90,D,,0,0,0,,line {}\n", clock, clock, i);
    ttml += fmt::format("<p begin='{}.000' end='{}.900'>line {}</p>\n", clock, clock, i);
    sbv += fmt::format("{}.000,{}.900\nline {}\n\n", clock, clock, i);
    sub += fmt::format("{{{}}}{{{}}}line {}\n", i * 25, i * 25 + 20, i);
  }
  ttml += "</body></tt>";
  for (const auto& [name, bytes] : std::vector<std::pair<const char*, std::string>>{{"a.srt", srt},
                                                                                    {"a.vtt", vtt},
                                                                                    {"a.ass", ass},
                                                                                    {"a.ttml", ttml},
                                                                                    {"a.sbv", sbv},
                                                                                    {"a.sub", sub}}) {
    CAPTURE(name);
    const Subtitle subtitle = parsed(bytes, name);
    REQUIRE(subtitle.cues.size() == kCues);
    CHECK(codes_of(subtitle).empty());
    CHECK(subtitle.cues.back().text == "line 99999");
    std::vector<CueTimes> times = times_of(subtitle);
    CHECK(retimed(subtitle, times) == bytes);
    for (CueTimes& time : times) time.end_seconds += 0.04;
    const Subtitle again = parsed(retimed(subtitle, times), name);
    REQUIRE(again.cues.size() == kCues);
    CHECK(again.cues.back().end_seconds == doctest::Approx(times.back().end_seconds));
  }
}

TEST_CASE("hostile: one line of a megabyte of anything") {
  constexpr size_t kSize = size_t{1} << 20;
  const std::string head = "1\n00:00:01,000 --> 00:00:02,000\n";
  for (const std::string piece : {"a",
                                  "<",
                                  "<i>",
                                  "{",
                                  "{\\",
                                  "&",
                                  "(",
                                  "♪",
                                  "-",
                                  "- ",
                                  "0",
                                  "0:",
                                  "00:00:01,000 ",
                                  "00:00:01,000 -->",
                                  "-->",
                                  "\r",
                                  "\n",
                                  " ",
                                  "\xC3",
                                  "日"}) {
    CAPTURE(piece);
    std::string line;
    while (line.size() < kSize) line += piece;
    const Subtitle subtitle = parsed(head + line + "\n");
    CHECK(subtitle.cues.size() == (piece.ends_with("1,000 -->") ? 2 : 1));
    CHECK(retimed(subtitle, times_of(subtitle)) == head + line + "\n");
  }
  for (const std::string piece :
       {"<", "<!--", "<![CDATA[", "<!DOCTYPE [", "<?", "<p ", "<p begin='", "</p>", "<a>", "<a><b>", "<p>",
        "<p begin='1s' end='2s'>", "&a;", "<span>", "</span>"}) {
    CAPTURE(piece);
    std::string text = "<tt><body><p begin='1s' end='2s'>";
    while (text.size() < kSize) text += piece;
    const Subtitle subtitle = parsed(text, "a.ttml");
    CHECK(subtitle.cues.size() >= 1);
    CHECK(retimed(subtitle, times_of(subtitle)) == text);
  }
}

TEST_CASE("hostile: a long name is not copied for every element inside") {
  const std::string name(size_t{1} << 19, 'n');
  std::string text = fmt::format("<tt><{}>", name);
  for (int i = 0; i < 50000; ++i) text += "<div>";
  text += "<p begin='1s' end='2s'>x</p>";
  CHECK(parsed(text, "a.ttml").cues.size() == 1);
}

}  // namespace wav2vec
