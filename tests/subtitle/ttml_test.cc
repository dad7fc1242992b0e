#include <doctest/doctest.h>
#include <fmt/format.h>

#include "subtitle/reading.h"
#include "wav2vec/core/error.h"
#include "wav2vec/subtitle/retime.h"

namespace wav2vec {
namespace {

Subtitle ttml(const std::string& body, const std::string& parameters = "") {
  return parsed(
      fmt::format("<?xml version=\"1.0\"?>\n<tt xmlns=\"http://www.w3.org/ns/ttml\" {}>\n<head>"
                  "<metadata><title>No cue</title></metadata></head>\n<body><div>\n{}\n</div></body></tt>\n",
                  parameters, body),
      "a.ttml");
}

struct TimeCase {
  std::string written;
  double seconds = 0.0;
};

void check_begins(const std::vector<TimeCase>& cases, const std::string& parameters) {
  for (const auto& [written, seconds] : cases) {
    CAPTURE(written);
    const Subtitle subtitle = ttml(fmt::format("<p begin=\"{}\" end=\"200h\">x</p>", written), parameters);
    REQUIRE(subtitle.cues.size() == 1);
    CHECK(subtitle.cues[0].start_seconds == doctest::Approx(seconds).epsilon(1e-9));
    CHECK(codes_of(subtitle).empty());
  }
}

}  // namespace

TEST_CASE("ttml: paragraphs, breaks, spans and blanks") {
  const Subtitle subtitle = ttml(
      "<p xml:id=\"s1\" begin=\"00:00:01.500\" end=\"00:00:03\" style=\"st\" ttm:agent=\"mary\">\n   Hello "
      "<span\n"
      " tts:fontStyle='italic'>you <span>two</span></span>,<br/>\n   5 &lt; 6 &amp; <![CDATA[a<b]]><!-- no "
      "-->\n</p>\n"
      "<p begin='4s' dur='1.5s' xml:space=\"preserve\">a  b<br></br>c</p>\n<p begin=\"6s\" end=\"7s\"/>");
  CHECK(subtitle.format == SubtitleFormat::ttml);
  CHECK(texts_of(subtitle) == Texts{"Hello <span  tts:fontStyle='italic'>you <span>two</span></span>,\n"
                                    "5 &lt; 6 &amp; a&lt;b",
                                    "a  b\nc", ""});
  CHECK(subtitle.cues[0].id == "s1");
  CHECK(subtitle.cues[0].style == "st");
  CHECK(subtitle.cues[0].speaker == "mary");
  CHECK(subtitle.cues[0].line == 5);
  CHECK(subtitle.cues[1].line == 10);
  CHECK(subtitle.cues[1].start_seconds == 4.0);
  CHECK(subtitle.cues[1].end_seconds == 5.5);
  CHECK(codes_of(subtitle).empty());
}

TEST_CASE("ttml: what is no text of a paragraph is left out") {
  CHECK(texts_of(
            ttml("<p begin='1s' end='2s'><metadata>m</metadata><ttm:desc>d</ttm:desc>a<set tts:color='red'/>b"
                 "</p>")) == Texts{"a<set tts:color='red'/>b"});
}

TEST_CASE("ttml: prefixes of names") {
  const Subtitle subtitle = parsed(
      "<tt:tt xmlns:tt=\"http://www.w3.org/ns/ttml\"><tt:body><tt:div><tt:p begin=\"1s\" end=\"2s\">a<tt:br/>"
      "<tt:span tts:color=\"red\">b</tt:span></tt:p></tt:div></tt:body></tt:tt>",
      "a.xml");
  CHECK(texts_of(subtitle) == Texts{"a\n<span tts:color=\"red\">b</span>"});
  CHECK(codes_of(subtitle).empty());
}

TEST_CASE("ttml: times of every kind") {
  check_begins({{"00:00:01", 1},
                {"00:00:01.5", 1.5},
                {"00:00:01.1000", 1.1},
                {"100:00:01.123456", 360001.123456},
                {"1.5s", 1.5},
                {"500ms", 0.5},
                {"2m", 120},
                {"1.5h", 5400},
                {"12.25s", 12.25}},
               "");
  check_begins({{"00:00:01:12", 1.48}, {"75f", 3.0}}, "ttp:frameRate=\"25\"");
  check_begins({{"00:00:01:24", 1 + 24 * 1001.0 / 24000.0}, {"24f", 1.001}},
               "ttp:frameRate=\"24\" ttp:frameRateMultiplier=\"1000 1001\"");
  check_begins({{"00:00:01:15", 1 + 15 * 1001.0 / 30000.0}},
               "ttp:frameRate=\"30\" ttp:frameRateMultiplier=\"1000:1001\"");
  check_begins({{"15000000t", 1.5}}, "ttp:tickRate=\"10000000\"");
}

TEST_CASE("ttml: SMPTE time counts frames, and drops numbers") {
  const std::string rate =
      "ttp:timeBase=\"smpte\" ttp:frameRate=\"30\" ttp:frameRateMultiplier=\"1000 1001\" ";
  check_begins({{"01:00:00:00", 3603.6}, {"00:00:01:00", 1.001}}, rate + "ttp:dropMode=\"nonDrop\"");
  check_begins({{"01:00:00;00", 107892 * 1001.0 / 30000.0}, {"00:01:00:02", 1800 * 1001.0 / 30000.0}},
               rate + "ttp:dropMode=\"dropNTSC\"");
}

TEST_CASE("ttml: what the file does not say is assumed with a warning") {
  const auto codes = [](const std::string& begin, const std::string& parameters = "") {
    return codes_of(ttml(fmt::format("<p begin=\"{}\" end=\"99s\">x</p>", begin), parameters));
  };
  CHECK(codes("00:00:01:12") == Texts{"assumed_frame_rate"});
  CHECK(codes("5t") == Texts{"assumed_tick_rate"});
  CHECK(codes("5") == Texts{"missing_unit"});
  CHECK(codes("00:00:01:12.1", "ttp:frameRate=\"25\" ttp:subFrameRate=\"2\"") ==
        Texts{"sub_frames", "sub_frames"});
  CHECK(codes("1s", "ttp:frameRate=\"fast\"") == Texts{"bad_parameter"});
  CHECK(codes("1s", "ttp:frameRateMultiplier=\"1 0\"") == Texts{"bad_parameter"});
  CHECK(codes("1s", "ttp:timeBase=\"smpte\" ttp:dropMode=\"dropPAL\"") == Texts{"drop_mode"});
}

TEST_CASE("ttml: times count from the element around") {
  const Subtitle subtitle = ttml(
      "<div begin=\"10s\" end=\"20s\"><p begin=\"1s\" end=\"2s\">a</p><p begin=\"3s\" dur=\"30s\" "
      "end=\"5s\">b</p>"
      "<p>c</p></div><p begin=\"30s\" end=\"31s\">d</p>");
  CHECK(texts_of(subtitle) == Texts{"a", "b", "c", "d"});
  CHECK(times_of(subtitle) == std::vector<CueTimes>{{11, 12}, {13, 15}, {10, 20}, {30, 31}});
}

TEST_CASE("ttml: spans with times are cues where their paragraph has none") {
  const Subtitle subtitle = ttml(
      "<p><span begin=\"1s\" end=\"2s\">a <span>b</span></span>\n<span begin=\"3s\" end=\"4s\">c</span></p>"
      "<p begin=\"5s\" end=\"6s\">d<span begin=\"0.5s\"> e</span></p>");
  CHECK(texts_of(subtitle) == Texts{"a <span>b</span>", "c", "d<span begin=\"0.5s\"> e</span>"});
  CHECK(codes_of(subtitle).empty());
}

TEST_CASE("ttml: cues without times, or with bad ones, are kept") {
  const Subtitle subtitle = ttml(
      "<p>never</p><p begin=\"1s\">open</p><p begin=\"soon\" end=\"3s\">bad</p><p begin=\"4s\" "
      "end=\"5s\">good</p>"
      "<p></p>");
  CHECK(texts_of(subtitle) == Texts{"never", "open", "bad", "good"});
  CHECK(warns(subtitle, "missing_time"));
  CHECK(warns(subtitle, "unreadable_time"));
  CHECK(subtitle.cues[2].start_seconds == 1.0);
}

TEST_CASE("ttml: bad nesting, open tags and a cut end") {
  CHECK(texts_of(ttml("<p begin=\"1s\" end=\"2s\">a<p begin=\"3s\" end=\"4s\">b</span></i></p>")) ==
        Texts{"a", "b"});
  CHECK(texts_of(ttml("<p begin=\"1s\" end=\"2s\">5 < 6 <3 <></p>")) == Texts{"5 < 6 <3 <>"});
  const Subtitle quote = ttml("<p end=\"2s\" begin=\"1s>a</p><p begin=\"3s\" end=\"4s\">b</p>");
  CHECK(texts_of(quote) == Texts{"a", "b"});
  CHECK(warns(quote, "broken_tag"));
  const Subtitle comment = ttml("<!-- never closed <p begin=\"3s\" end=\"4s\">b</p>");
  CHECK(texts_of(comment) == Texts{"b"});
  const Subtitle cut = parsed("<tt><body><p begin=\"1s\" end=\"2s\">half", "a.ttml");
  CHECK(texts_of(cut) == Texts{"half"});
  CHECK(codes_of(cut) == Texts{"unclosed_element"});
}

TEST_CASE("ttml: entities of a document type are neither expanded nor fetched") {
  const Subtitle subtitle = parsed(
      "<?xml version=\"1.0\"?>\n<!DOCTYPE tt [\n<!ENTITY a \"aaaaaaaaaa\">\n<!ENTITY b "
      "\"&a;&a;&a;&a;&a;&a;\">\n"
      "<!ENTITY c SYSTEM \"file:///etc/passwd\">\n]>\n<tt><body><p begin=\"1s\" "
      "end=\"2s\">&b;&c;</p></body></tt>",
      "a.ttml");
  CHECK(texts_of(subtitle) == Texts{"&b;&c;"});
  CHECK(codes_of(subtitle) == Texts{"document_type"});
  CHECK(subtitle.warnings[0].line == 2);
}

TEST_CASE("ttml: sequences are read as if side by side, with a warning") {
  CHECK(codes_of(ttml("<div timeContainer=\"seq\"><p begin=\"1s\" end=\"2s\">a</p></div>")) ==
        Texts{"sequence"});
}

}  // namespace wav2vec
