// MicroDVD and SBV.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "subtitle/reading.h"
#include "wav2vec/core/error.h"
#include "wav2vec/subtitle/retime.h"

namespace wav2vec {

TEST_CASE("microdvd: the first line, the caller or an assumption says what frames last") {
  const std::string cues = "{0}{25}Hello|{y:i}you\n{50}{75}B\n";
  const Subtitle assumed = parsed(cues, "a.sub");
  CHECK(assumed.format == SubtitleFormat::microdvd);
  CHECK(texts_of(assumed) == Texts{"Hello\n{y:i}you", "B"});
  CHECK(codes_of(assumed) == Texts{"assumed_frame_rate"});
  CHECK(assumed.cues[1].start_seconds == doctest::Approx(50 * 1001 / 24000.0));

  const Subtitle said = parsed("{1}{1}25.000\n" + cues, "a.sub");
  CHECK(said.cues.size() == 2);
  CHECK(said.cues[1].end_seconds == 3.0);
  CHECK(codes_of(said).empty());
  CHECK(parsed("{1}{1}23,976\n" + cues, "a.sub").frames_per_second == 24000.0 / 1001.0);

  SubtitleOptions options;
  options.frames_per_second = 50.0;
  const Subtitle told = parse_subtitle("{1}{1}25.000\n" + cues, options);
  CHECK(told.cues.size() == 2);
  CHECK(told.cues[1].end_seconds == 1.5);
}

TEST_CASE("microdvd: odd lines") {
  const Subtitle subtitle = parsed(
      "{DEFAULT}{}{C:$0000ff}\n{1}{1}25\n{25}{}open\n\nmore\n{ 50 }{ 75 }blanks\n{1}{1}25\n{-25}{0}early\n",
      "a.sub");
  CHECK(texts_of(subtitle) == Texts{"open\nmore", "blanks", "25", "early"});
  CHECK(subtitle.cues[0].end_seconds == 1.0);
  CHECK(subtitle.cues[3].start_seconds == -1.0);
  for (const char* code : {"missing_time", "no_frames", "out_of_order", "negative_time"}) {
    CAPTURE(code);
    CHECK(warns(subtitle, code));
  }
}

TEST_CASE("sbv: times, lines and breaks") {
  const Subtitle subtitle = parsed(
      "0:00:01.000,0:00:02.500\nHello\nyou\n\n0:00:03.000,0:00:04.000\nA[br]B\n0:00:05.000,0:00:06.000\n",
      "a.sbv");
  CHECK(subtitle.format == SubtitleFormat::sbv);
  CHECK(texts_of(subtitle) == Texts{"Hello\nyou", "A\nB", ""});
  CHECK(subtitle.cues[0].end_seconds == 2.5);
  CHECK(codes_of(subtitle) == Texts{"no_blank_line"});
}

TEST_CASE("sbv: SubViewer's header is no text") {
  const Subtitle subtitle =
      parsed("[INFORMATION]\n[TITLE]x\n[END INFORMATION]\n\n00:00:01.00,00:00:02.00\nA[BR]B\n", "a.sub");
  CHECK(subtitle.format == SubtitleFormat::sbv);
  CHECK(texts_of(subtitle) == Texts{"A\nB"});
}

}  // namespace wav2vec
