#include "wav2vec/subtitle/lint.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "subtitle/reading.h"
#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

struct Line {
  double start_seconds = 0.0;
  double end_seconds = 0.0;
  std::string text;
};

Subtitle with(const std::vector<Line>& lines) {
  Subtitle subtitle;
  for (const auto& [start, end, text] : lines) {
    Cue& cue = subtitle.cues.emplace_back();
    cue.order = subtitle.cues.size() - 1;
    cue.start_seconds = start;
    cue.end_seconds = end;
    cue.text = text;
  }
  return subtitle;
}

Texts rules(const std::vector<LintFinding>& findings) {
  Texts found;
  for (const LintFinding& finding : findings)
    found.push_back(fmt::format("{} {}", finding.rule, finding.cue));
  return found;
}

/// Shown characters of a text, as the reading speed over a second tells them.
double characters(const std::string& text) {
  LintProfile profile;
  profile.max_characters_per_second = 1e-6;
  profile.max_wide_characters_per_second = 1e-6;
  for (const LintFinding& finding : lint(with({{0, 1, text}}), profile)) {
    if (finding.rule == "max_cps") return finding.value;
  }
  return 0.0;
}

}  // namespace

TEST_CASE("lint: a good file has no findings, and every rule finds its fault") {
  LintProfile profile = lint_profile("netflix");
  profile.frames_per_second = 25.0;
  const std::vector<Line> good = {{1, 3, "Hello there, how are you?"},
                                  {3.08, 5, "Fine, thank you\nvery much."}};
  CHECK(lint(with(good), profile).empty());
  CHECK(rules(lint(with({{1, 2, std::string(21, 'x')}}), profile)) == Texts{"max_cps 0"});
  CHECK(lint(with({{1, 2, std::string(20, 'x')}}), profile).empty());
  CHECK(rules(lint(with({{1, 1.8, "x"}}), profile)) == Texts{"min_duration 0"});
  CHECK(rules(lint(with({{1, 8.1, "x"}}), profile)) == Texts{"max_duration 0"});
  CHECK(rules(lint(with({{1, 2, "x"}, {2.04, 3.04, "y"}}), profile)) == Texts{"min_gap 1"});
  CHECK(rules(lint(with({{1, 2, "x"}, {2, 3, "y"}}), profile)) == Texts{"min_gap 1"});
  CHECK(rules(lint(with({{1, 4, std::string(43, 'x')}}), profile)) == Texts{"max_line_length 0"});
  CHECK(rules(lint(with({{1, 4, "a\nb\nc"}}), profile)) == Texts{"max_lines 0"});
  CHECK(rules(lint(with({{1, 2, "x"}, {1.9, 3, "y"}}), profile)) == Texts{"overlap 1"});
  CHECK(rules(lint(with({{1, 2, "<i> </i>"}}), profile)) == Texts{"empty 0"});
}

TEST_CASE("lint: findings have their value and limit") {
  LintProfile profile = lint_profile("netflix");
  profile.frames_per_second = 24.0;
  const auto found = lint(with({{1, 2, std::string(30, 'x')}, {2.0417, 4, "y"}}), profile);
  REQUIRE(found.size() == 2);
  CHECK(found[0].value == doctest::Approx(30));
  CHECK(found[0].limit == 20);
  CHECK(found[1].value == doctest::Approx(1.0).epsilon(0.01));
  CHECK(found[1].limit == 2);
}

TEST_CASE("lint: gaps are judged in the video's frames, and times may be rounded") {
  LintProfile profile = lint_profile("netflix");
  // Two frames of 29.97 are 66.7 ms; at 24 they are 83.3 ms.
  const Subtitle subtitle = with({{1, 2, "x"}, {2.066, 3, "y"}});
  profile.frames_per_second = 30000.0 / 1001.0;
  CHECK(lint(subtitle, profile).empty());
  profile.frames_per_second = 24.0;
  CHECK(rules(lint(subtitle, profile)) == Texts{"min_gap 1"});
  profile.frames_per_second = 0.0;
  CHECK(lint(subtitle, profile).empty());
  // 5/6 of a second in milliseconds, and in ASS' hundredths.
  CHECK(lint(with({{1, 1.833, "x"}}), profile).empty());
  Subtitle ass = with({{1, 1.83, "x"}});
  CHECK(rules(lint(ass, profile)) == Texts{"min_duration 0"});
  ass.format = SubtitleFormat::ass;
  CHECK(lint(ass, profile).empty());
}

TEST_CASE("lint: neighbours in time, not in the file") {
  LintProfile profile;
  CHECK(lint(with({{5, 6, "c"}, {1, 2, "a"}, {3, 4, "b"}}), profile).empty());
  CHECK(rules(lint(with({{1, 9, "long"}, {2, 3, "in it"}, {8, 10, "at its end"}}), profile)) ==
        Texts{"overlap 1", "overlap 2"});
}

TEST_CASE("lint: what is shown counts, and nothing else") {
  CHECK(characters("<i>Hello</i>") == 5);
  CHECK(characters("{\\an8}Hello {\\i1}you") == 9);
  CHECK(characters("{\\p1}m 0 0 l 1 1{\\p0}") == 0);
  CHECK(characters("[sighs] JOHN: No.") == 17);
  CHECK(characters("♪ la la ♪") == 9);
  CHECK(characters("a &amp; b &lt;") == 7);
  CHECK(characters("[a &amp; b]") == 11);
  CHECK(characters("Hello  \n  you") == 8);
  CHECK(characters("e\u0301te\u0301") == 3);
  CHECK(characters("\u05E9\u05B8\u05DC\u05D5\u05B9\u05DD") == 4);
  CHECK(characters("so\u00ADft \u200Ehy") == 7);
  CHECK(characters("👩‍🚀") == 1);
  CHECK(characters("👍🏽!") == 2);
  CHECK(characters("🇩🇪🇫🇷") == 2);
  CHECK(characters("日本語。") == 4);
  CHECK(characters("<v Bob>Hi</v> <00:00:01.000>you") == 6);
  CHECK(characters("") == 0);
}

TEST_CASE("lint: words a minute") {
  LintProfile profile = lint_profile("bbc");
  CHECK(lint(with({{0, 1, "one two three"}}), profile).empty());
  const auto found = lint(with({{0, 1, "one <i>two</i> three - 4"}}), profile);
  REQUIRE(rules(found) == Texts{"max_wpm 0"});
  CHECK(found[0].value == doctest::Approx(240));
  CHECK(lint(with({{0, 1, "日本語 日本語 日本語 日本語 日本語"}}), profile).empty());
  CHECK(rules(lint(with({{0, 1.4, "one two three four"}}), lint_profile("dcmp"))) == Texts{"max_wpm 0"});
}

TEST_CASE("lint: Chinese, Japanese and Korean have limits of their own") {
  const LintProfile profile = lint_profile("netflix");
  CHECK(lint(with({{0, 2, "今天过得怎么样今天过得怎么样今天"}}), profile).empty());
  CHECK(rules(lint(with({{0, 3, "今天过得怎么样今天过得怎么样今天过"}}), profile)) ==
        Texts{"max_line_length 0"});
  CHECK(rules(lint(with({{0, 1, "今天过得怎么样今天过得"}}), profile)) == Texts{"max_cps 0"});
}

TEST_CASE("lint: profiles by name") {
  for (const char* name : {"netflix", "netflix-children", "bbc", "dcmp"})
    CHECK(lint_profile(name).name == name);
  CHECK(lint_profile("netflix-children").max_characters_per_second == 17.0);
  CHECK_THROWS_AS(lint_profile("hbo"), ConfigError);
}

TEST_CASE("lint: a file that was read") {
  const Subtitle subtitle = parsed(
      "[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,one\\Ntwo\\Nthree\n"
      "Dialogue: 0,0:00:05.00,0:00:05.00,D,,0,0,0,,x\n",
      "a.ass");
  CHECK(rules(lint(subtitle, lint_profile("netflix"))) == Texts{"max_lines 0", "min_duration 1"});
}

}  // namespace wav2vec
