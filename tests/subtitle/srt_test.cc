#include <doctest/doctest.h>
#include <fmt/format.h>

#include "subtitle/reading.h"
#include "wav2vec/core/error.h"
#include "wav2vec/subtitle/retime.h"

namespace wav2vec {
namespace {

constexpr const char* kPlain =
    "1\n00:00:01,000 --> 00:00:02,500\nHello\n\n2\n00:00:03,000 --> 00:00:04,000\n- A\n- B\n";

/// One cue with this line of times.
Subtitle timed(const std::string& times) { return parsed(fmt::format("1\n{}\ntext\n", times)); }

struct TimesCase {
  std::string line;
  double start_seconds = 0.0;
  double end_seconds = 0.0;
  std::string code;  ///< the one warning; empty: none
};

void check_times(const std::vector<TimesCase>& cases) {
  for (const auto& [line, start, end, code] : cases) {
    CAPTURE(line);
    const Subtitle subtitle = timed(line);
    REQUIRE(subtitle.cues.size() == 1);
    CHECK(subtitle.cues[0].start_seconds == doctest::Approx(start).epsilon(1e-9));
    CHECK(subtitle.cues[0].end_seconds == doctest::Approx(end).epsilon(1e-9));
    CHECK(subtitle.cues[0].text == "text");
    CHECK(subtitle.cues[0].id == "1");
    if (code.empty()) {
      CHECK(codes_of(subtitle).empty());
    } else {
      CHECK(warns(subtitle, code));
      for (const SubtitleWarning& warning : subtitle.warnings) CHECK(warning.line == 2);
    }
  }
}

}  // namespace

TEST_CASE("srt: a plain file has its cues and nothing to warn of") {
  const Subtitle subtitle = parsed(kPlain);
  CHECK(subtitle.format == SubtitleFormat::srt);
  CHECK(subtitle.decoded.encoding == "UTF-8");
  CHECK(codes_of(subtitle).empty());
  REQUIRE(subtitle.cues.size() == 2);
  const Cue& cue = subtitle.cues[1];
  CHECK(cue.order == 1);
  CHECK(cue.line == 6);
  CHECK(cue.id == "2");
  CHECK(cue.start_seconds == 3.0);
  CHECK(cue.end_seconds == 4.0);
  CHECK(cue.text == "- A\n- B");
  CHECK(subtitle.decoded.text.substr(cue.end_field.place.begin, 12) == "00:00:04,000");
}

TEST_CASE("srt: times in every spelling") {
  check_times({
      {"00:00:20 --> 00:00:24", 20, 24, "missing_fraction"},
      {"0:0:20,500 --> 0:0:24,500", 20.5, 24.5, "short_field"},
      {"0:00:20,500 --> 0:00:24,500", 20.5, 24.5, ""},
      {"00:00:20,5 --> 00:00:24,75", 20.5, 24.75, "fraction_digits"},
      {"00:00:20,05 --> 00:00:24,050", 20.05, 24.05, "fraction_digits"},
      {"00:28:41,1000 --> 00:28:43,000", 1722, 1723, "fraction_digits"},
      {"00:00:20,1234 --> 00:00:24,123456", 20.1234, 24.123456, "fraction_digits"},
      {"00:00:20.500 --> 00:00:24.500", 20.5, 24.5, "decimal_mark"},
      {"00:00:20:500 --> 00:00:24:500", 20.5, 24.5, "decimal_mark"},
      {"00:00:20，500 --> 00:00:24．500", 20.5, 24.5, "decimal_mark"},
      {"00:00:20。500 --> 00:00:24。500", 20.5, 24.5, "decimal_mark"},
      {"00：00：20,500 --> 00：00：24,500", 20.5, 24.5, "odd_time"},
      {"００：００：２０，５００ --> 00:00:24,500", 20.5, 24.5, "odd_time"},
      {"00.00.20,500 --> 00.00.24.500", 20.5, 24.5, "odd_time"},
      {"00;00;20,500 --> 00;00;24,500", 20.5, 24.5, "odd_time"},
      {"00: 00:20,500 --> 00:00 :24,500", 20.5, 24.5, "odd_time"},
      {"00:00:20, 500 -> 00:00:24, 500", 20.5, 24.5, "odd_time"},
      {"00:00:20,500 - - > 00:00:24,500", 20.5, 24.5, "odd_arrow"},
      {"00:00:20,500 -> 00:00:24,500", 20.5, 24.5, "odd_arrow"},
      {"00:00:20,500 ---> 00:00:24,500", 20.5, 24.5, "odd_arrow"},
      {"00:00:20,500 –> 00:00:24,500", 20.5, 24.5, "odd_arrow"},
      {"00:00:20,500 → 00:00:24,500", 20.5, 24.5, "odd_arrow"},
      {"00:00:20,500 --&gt; 00:00:24,500", 20.5, 24.5, "odd_arrow"},
      {"00:00:20,500-->00:00:24,500", 20.5, 24.5, ""},
      {"00:00:20,500\t-->\t00:00:24,500\t", 20.5, 24.5, ""},
      {"   00:00:20,500 --> 00:00:24,500", 20.5, 24.5, ""},
      {"\xE2\x80\xAA"
       "00:00:20,500 --> 00:00:24,500\xE2\x80\xAC",
       20.5, 24.5, ""},
      {"00:00:20,500 --> 00:00:24,500  X1:63 X2:223 Y1:43 Y2:58", 20.5, 24.5, ""},
      {"00:00:20,500 --> 00:00:24,500 align:start position:0%", 20.5, 24.5, ""},
      {"20:00,500 --> 24:00,500", 1200.5, 1440.5, "missing_hours"},
      {"100:00:00,000 --> 100:00:01,000", 360000, 360001, "long_hours"},
      {"25:00:00,000 --> 26:00:00,000", 90000, 93600, ""},
      {"00:75:00,000 --> 00:00:99,000", 4500, 99, "out_of_range"},
      {"-00:00:01,000 --> 00:00:01,000", -1, 1, "negative_time"},
      {"−00:00:01,500 --> −00:00:01,000", -1.5, -1, "negative_time"},
      {"00:00:05,000 --> 00:00:04,000", 5, 4, "end_before_start"},
      {"00:00:05,000 --> 00:00:05,000", 5, 5, "no_duration"},
      {"00:00:05,000 --> 00:00:05,046", 5, 5.046, ""},
      {"00:00:00,00 --> 00:00:00,00", 0, 0, "no_duration"},
  });
}

TEST_CASE("srt: text behind the times is text, and a number before them is the number") {
  const Subtitle subtitle = parsed("7 00:00:01,000 --> 00:00:02,000 Hello there\nyou\n");
  REQUIRE(subtitle.cues.size() == 1);
  CHECK(subtitle.cues[0].text == "Hello there\nyou");
  CHECK(subtitle.cues[0].id == "7");
  CHECK(warns(subtitle, "text_in_times"));
  CHECK(warns(subtitle, "index_in_times"));
}

TEST_CASE("srt: what only resembles times is text") {
  const Subtitle subtitle = parsed(
      "1\n00:00:01,000 --> 00:00:02,000\nTrains: 8:15 -> 9:30\nHe wrote 00:00:01,000 --> 00:00:02,000\n"
      "a --> b\n1.2.3 -> 1.2.4\n2020: --> never\n");
  CHECK(texts_of(subtitle) == Texts{"Trains: 8:15 -> 9:30\nHe wrote 00:00:01,000 --> 00:00:02,000\n"
                                    "a --> b\n1.2.3 -> 1.2.4\n2020: --> never"});
}

TEST_CASE("srt: a cue whose times cannot be read is kept") {
  const Subtitle subtitle = parsed(
      "1\n00:00:01,000 --> 00:00:02,000\nA\n\n2\n00:0O:03,000 --> 00:00:04,000\nB\n\n3\n00:00:05,000 --> "
      "\nC\n\n"
      "4\n00:00:07,000 --> 00:00:08,000\nD\n");
  CHECK(texts_of(subtitle) == Texts{"A", "B", "C", "D"});
  CHECK(ids_of(subtitle) == Texts{"1", "2", "3", "4"});
  CHECK(subtitle.cues[1].start_seconds == 2.0);
  CHECK(subtitle.cues[1].end_seconds == 4.0);
  CHECK(subtitle.cues[1].start_field.place.empty());
  CHECK(subtitle.cues[2].start_seconds == 5.0);
  CHECK(codes_of(subtitle) == Texts{"unreadable_time", "unreadable_time", "no_duration"});
  CHECK(subtitle.warnings[0].line == 6);
  CHECK(subtitle.warnings[0].cue == 1);
}

TEST_CASE("srt: a file that is cut behind a number") {
  const Subtitle subtitle = parsed(fmt::format("{}\n3\n", kPlain));
  CHECK(texts_of(subtitle) == Texts{"Hello", "- A\n- B"});
  CHECK(codes_of(subtitle) == Texts{"stray_text"});
  CHECK(subtitle.warnings[0].line == 10);
  CHECK(texts_of(parsed(fmt::format("{}\n7\n", kPlain))) == Texts{"Hello", "- A\n- B\n\n7"});
}

TEST_CASE("srt: order of the file, with a warning") {
  const Subtitle subtitle = parsed(
      "1\n00:00:05,000 --> 00:00:06,000\nlate\n\n2\n00:00:01,000 --> 00:00:02,000\nearly\n\n"
      "3\n00:00:03,000 --> 00:00:04,000\nstill early\n");
  CHECK(texts_of(subtitle) == Texts{"late", "early", "still early"});
  CHECK(codes_of(subtitle) == Texts{"out_of_order", "out_of_order"});
}

TEST_CASE("srt: numbers of every kind") {
  for (const std::string id : {"0", "-1", "1.5", "007", "9999", "#3", "2.", "１"}) {
    CAPTURE(id);
    const Subtitle subtitle = parsed(
        fmt::format("{}  \n00:00:01,000 --> 00:00:02,000\nA\n\n00:00:03,000 --> 00:00:04,000\nB\n", id));
    REQUIRE(subtitle.cues.size() == 2);
    CHECK(subtitle.cues[0].text == "A");
    CHECK(subtitle.cues[1].text == "B");
    CHECK(warns(subtitle, "missing_index"));
    if (id != "１") CHECK(subtitle.cues[0].id == id);
    CHECK(warns(subtitle, "odd_index") == (id != "0" && id != "9999" && id != "１"));
  }
  const Subtitle again = parsed(
      "1\n00:00:01,000 --> 00:00:02,000\nA\n\n1\n00:00:03,000 --> 00:00:04,000\nB\n\n"
      "9999\n00:00:05,000 --> 00:00:06,000\nwww\n");
  CHECK(ids_of(again) == Texts{"1", "1", "9999"});
  CHECK(codes_of(again) == Texts{"index_order", "index_order"});
}

TEST_CASE("srt: a number with something behind it counts where it is due") {
  const Subtitle subtitle = parsed(
      "1 intro\n00:00:01,000 --> 00:00:02,000\nA\n\n2 x\n00:00:03,000 --> 00:00:04,000\nB\n\n"
      "3 men\n\n4 men\n00:00:05,000 --> 00:00:06,000\nC\n");
  CHECK(ids_of(subtitle) == Texts{"1 intro", "2 x", ""});
  CHECK(texts_of(subtitle) == Texts{"A", "B\n\n3 men\n\n4 men", "C"});
  CHECK(codes_of(subtitle) ==
        Texts{"odd_index", "odd_index", "blank_in_text", "no_blank_line", "missing_index"});
}

TEST_CASE("srt: no blank lines between cues") {
  const Subtitle subtitle = parsed(
      "1\n00:00:01,000 --> 00:00:02,000\nA\n2\n00:00:03,000 --> 00:00:04,000\nB\nC\n3\n"
      "00:00:05,000 --> 00:00:06,000\n4\n00:00:07,000 --> 00:00:08,000\nD\n");
  CHECK(texts_of(subtitle) == Texts{"A", "B\nC", "", "D"});
  CHECK(ids_of(subtitle) == Texts{"1", "2", "3", "4"});
  CHECK(codes_of(subtitle) == Texts{"no_blank_line", "no_blank_line", "no_blank_line"});
}

TEST_CASE("srt: numbers that are said stay text") {
  const Subtitle numbered = parsed(
      "1\n00:00:01,000 --> 00:00:02,000\nI am\n42\n\n2\n00:00:03,000 --> 00:00:04,000\n1984\n\n3\n"
      "00:00:05,000 --> 00:00:06,000\n7\n");
  CHECK(texts_of(numbered) == Texts{"I am\n42", "1984", "7"});
  CHECK(codes_of(numbered).empty());
  const Subtitle bare = parsed(
      "00:00:01,000 --> 00:00:02,000\nI am\n42\n\n00:00:03,000 --> 00:00:04,000\n1984\n\n"
      "00:00:05,000 --> 00:00:06,000\n7\n");
  CHECK(texts_of(bare) == Texts{"I am\n42", "1984", "7"});
  CHECK(codes_of(bare) == Texts{"missing_index", "missing_index", "missing_index"});
}

TEST_CASE("srt: a blank line between number and times, and inside the text") {
  const Subtitle subtitle = parsed(
      "1\n\n00:00:01,000 --> 00:00:02,000\nA\n\n2\n\n00:00:03,000 --> 00:00:04,000\n\nB\n\nC\n\n\n3\n"
      "00:00:05,000 --> 00:00:06,000\nD");
  CHECK(texts_of(subtitle) == Texts{"A", "B\n\nC", "D"});
  CHECK(ids_of(subtitle) == Texts{"1", "2", "3"});
  CHECK(codes_of(subtitle) == Texts{"blank_after_index", "blank_after_index", "blank_in_text"});
}

TEST_CASE("srt: empty cues, blank cues and cues of tags are kept") {
  const Subtitle subtitle = parsed(
      "1\n00:00:01,000 --> 00:00:02,000\n\n2\n00:00:03,000 --> 00:00:04,000\n  \n\n3\n"
      "00:00:05,000 --> 00:00:06,000\n<i></i>\n\n4\n00:00:07,000 --> 00:00:08,000");
  CHECK(texts_of(subtitle) == Texts{"", "", "<i></i>", ""});
  CHECK(codes_of(subtitle).empty());
}

TEST_CASE("srt: text is handed on as it is written") {
  const std::string text =
      "{\\an8}<i>5 > 3 &amp; a<b</i> &lrm;\n...- < u>x< / i > </xyz>\n♪ la ♪ (sighs) 【音楽】\n"
      "JOHN: >> מה\xC2\xAD \xE2\x80\x8F"
      "สวัสดี 👩‍🚀";
  const Subtitle subtitle = parsed(fmt::format("1\n00:00:01,000 --> 00:00:02,000\n{}\n\n", text));
  CHECK(texts_of(subtitle) == Texts{text});
  CHECK(codes_of(subtitle).empty());
}

TEST_CASE("srt: text before the first cue is left out with a warning") {
  const Subtitle subtitle = parsed("Made by me\n\n1\n00:00:01,000 --> 00:00:02,000\nA\n");
  CHECK(texts_of(subtitle) == Texts{"A"});
  CHECK(codes_of(subtitle) == Texts{"stray_text"});
}

TEST_CASE("srt: files one after another in one file, with their byte order marks") {
  const Subtitle subtitle = parsed(fmt::format("\xEF\xBB\xBF{}\n\xEF\xBB\xBF{}", kPlain, kPlain));
  CHECK(ids_of(subtitle) == Texts{"1", "2", "1", "2"});
  CHECK(warns(subtitle, "index_order"));
  CHECK(warns(subtitle, "out_of_order"));
}

TEST_CASE("srt: every kind of line end counts lines alike") {
  for (const std::string end : {"\n", "\r\n", "\r", "\r\r\n"}) {
    CAPTURE(end.size());
    const Subtitle subtitle = parsed(replaced(kPlain, "\n", end));
    CHECK(texts_of(subtitle) == Texts{"Hello", "- A\n- B"});
    CHECK(subtitle.cues[1].line == 6);
    CHECK(codes_of(subtitle).empty());
  }
  const Subtitle mixed =
      parsed("1\r\n00:00:01,000 --> 00:00:02,000\nA\rB\r\n\n2\r\r\n00:00:03,000 --> 00:00:04,000\r\r\nC\n");
  CHECK(texts_of(mixed) == Texts{"A\nB", "C"});
  CHECK(mixed.cues[1].line == 7);
}

}  // namespace wav2vec
