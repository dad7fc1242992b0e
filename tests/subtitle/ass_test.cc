#include <doctest/doctest.h>
#include <fmt/format.h>

#include "subtitle/reading.h"
#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

constexpr const char* kHead =
    "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname\nStyle: "
    "Default,Sans\n\n[Events]\n"
    "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n";

Subtitle ass(const std::string& events) { return parsed(kHead + events, "a.ass"); }

}  // namespace

TEST_CASE("ass: events with their columns") {
  const Subtitle subtitle =
      ass("Comment: 0,0:00:00.00,0:00:09.00,Default,,0,0,0,,not shown\n"
          "Dialogue: 0,0:00:01.50,0:00:03.25,Signs,Mary,0,0,0,,{\\i1}Hi{\\i0},\\Nyou\\nand\\hme, too\n"
          "Dialogue: 0,0:00:04.00,0:00:05.00,Default,,0,0,0,,{\\p1}m 0 0 l 1 1{\\p0}\n"
          "Dialogue: 0,0:00:06.00,0:00:07.00,Default,,0,0,0,,{\\k20}ka{\\k30}ra\n"
          "Dialogue: 0,0:00:08.00,0:00:09.00,Default,,0,0,0,,\n");
  CHECK(subtitle.format == SubtitleFormat::ass);
  CHECK(texts_of(subtitle) ==
        Texts{"{\\i1}Hi{\\i0},\nyou\\nand\\hme, too", "{\\p1}m 0 0 l 1 1{\\p0}", "{\\k20}ka{\\k30}ra", ""});
  const Cue& cue = subtitle.cues[0];
  CHECK(cue.start_seconds == 1.5);
  CHECK(cue.end_seconds == 3.25);
  CHECK(cue.style == "Signs");
  CHECK(cue.speaker == "Mary");
  CHECK(cue.line == 11);
  CHECK(codes_of(subtitle).empty());
}

TEST_CASE("ass: SSA and other orders of columns") {
  const Subtitle subtitle = parsed(
      "[Script Info]\n\n[Events]\nFormat: Start, Actor, End, Text\n"
      "Dialogue: 0:00:01.00,Bob,0:00:02.00,a, b\n"
      "[Fonts]\nfontname: x\n",
      "a.ssa");
  CHECK(texts_of(subtitle) == Texts{"a, b"});
  CHECK(subtitle.cues[0].speaker == "Bob");
  CHECK(subtitle.cues[0].end_seconds == 2.0);
  const Subtitle marked = parsed("Dialogue: Marked=0,0:00:01.00,0:00:02.00,Default,,0,0,0,,x\n", "a.ssa");
  CHECK(texts_of(marked) == Texts{"x"});
  CHECK(codes_of(marked) == Texts{"outside_events"});
}

TEST_CASE("ass: broken events are kept with a warning") {
  const Subtitle subtitle =
      ass("Dialogue: 0,0:00:01.00,0:00:02.00,Default\n"
          "Dialogue: 0,x,0:00:04.00,Default,,0,0,0,,half a time\n"
          "Dialogue:\n"
          "dialogue : 0, 0:00:05.5 ,0:00:06.000,Default,,0,0,0,,odd\n");
  CHECK(texts_of(subtitle) == Texts{"", "half a time", "", "odd"});
  CHECK(warns(subtitle, "missing_columns"));
  CHECK(warns(subtitle, "unreadable_time"));
  CHECK(warns(subtitle, "fraction_digits"));
  CHECK(subtitle.cues[1].start_seconds == 2.0);
  CHECK(subtitle.cues[1].end_seconds == 4.0);
  CHECK(subtitle.cues[1].start_field.place.empty());
  CHECK(subtitle.cues[3].start_seconds == 5.5);
}

TEST_CASE("ass: a file without events has no cues") {
  const Subtitle subtitle = ass("");
  CHECK(subtitle.cues.empty());
  CHECK(codes_of(subtitle) == Texts{"no_cues"});
}

}  // namespace wav2vec
