#include "wav2vec/check/corruption.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

using namespace wav2vec;

namespace {

constexpr const char* kWords[] = {"what", "about",  "the", "bridge", "over", "river",
                                  "we",   "should", "go",  "there",  "now",  "quickly"};

std::string sentence(int number) {
  std::string text = "no" + std::to_string(1000 + number);
  for (int k = 0; k < 4 + number % 4; ++k) text += std::string(" ") + kWords[(number * 5 + 3 * k) % 12];
  return text;
}

/// Lines of 2 to 4 s with pauses of half a second to 2 s: about 5 minutes.
std::vector<CheckedText> right_cues() {
  std::vector<CheckedText> cues;
  double at = 1.0;
  for (int i = 0; i < 70; ++i) {
    const double end = at + 2.0 + i % 3;
    cues.push_back({at, end, sentence(i)});
    at = end + (i % 4 == 0 ? 2.0 : 0.5);
  }
  return cues;
}

CorruptionTexts other_texts() {
  CorruptionTexts texts;
  for (int i = 500; i < 700; ++i) texts.others.push_back(sentence(i));
  for (int i = 0; i < 50; ++i) texts.foreign.push_back("podivná loď " + std::to_string(100 + i));
  return texts;
}

std::vector<CorruptedSubtitle> all_kinds(uint64_t seed = 3) {
  return corrupted_subtitles(right_cues(), other_texts(), seed);
}

const CorruptedSubtitle& named(const std::vector<CorruptedSubtitle>& all, const std::string& name) {
  const auto found = std::ranges::find(all, name, &CorruptedSubtitle::name);
  REQUIRE_MESSAGE(found != all.end(), name);
  return *found;
}

int64_t count(const CorruptedSubtitle& subtitle, TextTruth text) {
  return std::ranges::count(subtitle.truth, text, &CueTruth::text);
}

int64_t touched(const CorruptedSubtitle& subtitle) {
  return std::ranges::count(subtitle.truth, true, &CueTruth::touched);
}

}  // namespace

TEST_CASE("corrupted subtitles: the segments say where each cue whose time is known is spoken") {
  std::set<std::string> kinds;
  for (const CorruptedSubtitle& subtitle : all_kinds()) {
    CAPTURE(subtitle.name);
    kinds.insert(subtitle.kind);
    REQUIRE(subtitle.cues.size() == subtitle.truth.size());
    REQUIRE(!subtitle.segments.empty());
    CHECK(!subtitle.cues.empty());
    // Single cues of these have times of their own.
    const bool loose = subtitle.name.starts_with("C7 starts") || subtitle.name == "C0 right, loose";
    for (size_t i = 0; i < subtitle.cues.size(); ++i) {
      const CheckedText& cue = subtitle.cues[i];
      CHECK(cue.start_seconds >= 0.0);
      CHECK(cue.end_seconds > cue.start_seconds);
      CHECK(!cue.text.empty());
      if (!subtitle.truth[i].start_seconds || loose) continue;
      const auto segment = std::ranges::find_if(subtitle.segments, [&](const TrueSegment& s) {
        return cue.start_seconds >= s.from_seconds - 1e-6 && cue.start_seconds <= s.until_seconds + 1e-6;
      });
      REQUIRE(segment != subtitle.segments.end());
      CHECK(segment->slope * cue.start_seconds + segment->offset_seconds ==
            doctest::Approx(*subtitle.truth[i].start_seconds).epsilon(1e-6));
    }
  }
  CHECK(kinds == std::set<std::string>{"C0", "C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C9", "C10",
                                       "C11", "C12", "C13", "C14", "C15", "C16", "C17"});
}

TEST_CASE("corrupted subtitles: what is expected of times") {
  const auto all = all_kinds();
  CHECK(named(all, "C0 right, exact").expected == FileState::ok);
  CHECK(named(all, "C1 shift -0.2 s").expected == FileState::offset);
  CHECK(named(all, "C2 rate 25/23.976").expected == FileState::drift);
  CHECK(named(all, "C2 rate 25/23.976").ratio == "25/23.976");
  CHECK(named(all, "C2 rate 25/23.976").segments[0].slope == doctest::Approx(25.0 / 23.976));
  // 15 ms in five minutes is nothing that anyone sees, 0.3 s is.
  CHECK(named(all, "C2 clock +50 ppm").expected == FileState::ok);
  CHECK(named(all, "C2 clock -1000 ppm").expected == FileState::drift);
  CHECK(named(all, "C4 scene of 45 s lost").expected == FileState::cut);
  CHECK(named(all, "C4 three scenes of 15 s lost").segments.size() == 4);
  CHECK(named(all, "C5 30 s put in").segments.size() == 2);
  CHECK(named(all, "C6 first 20 s lost").expected == FileState::offset);
  CHECK(named(all, "C6 first 20 s lost").segments[0].offset_seconds == -20.0);
  CHECK(named(all, "C6 20 s before the first cue").segments[0].offset_seconds == 20.0);
  CHECK(named(all, "C6 end lost").expected == FileState::ok);
  CHECK(named(all, "C10 another programme").expected == FileState::wrong_content);
  CHECK(named(all, "C11 another language").expected == FileState::wrong_content);
  CHECK(named(all, "C9 texts of others in 10 %").expected == FileState::ok);
}

TEST_CASE("corrupted subtitles: a lost scene has cues and no sound, what is put in has sound and no cues") {
  const auto all = all_kinds();
  const CorruptedSubtitle& lost = named(all, "C4 scene of 45 s lost");
  CHECK(std::ranges::count_if(lost.truth, [](const CueTruth& t) { return t.start_seconds.has_value(); }) ==
        70);
  const double from = lost.segments[0].until_seconds;
  CHECK(lost.segments[1].from_seconds == doctest::Approx(from + 45.0));
  CHECK(count(lost, TextTruth::not_spoken) > 5);
  for (size_t i = 0; i < lost.cues.size(); ++i) {
    const bool within = lost.cues[i].start_seconds > from && lost.cues[i].end_seconds < from + 45.0;
    CHECK(within == (lost.truth[i].text == TextTruth::not_spoken));
  }
  const CorruptedSubtitle& put_in = named(all, "C5 30 s put in");
  CHECK(put_in.cues.size() < 70);
  CHECK(put_in.segments[1].from_seconds == put_in.segments[0].until_seconds);
  CHECK(put_in.cues.back().start_seconds == doctest::Approx(right_cues().back().start_seconds - 30.0));
}

TEST_CASE("corrupted subtitles: exchanged texts are as long and not the same") {
  const auto right = right_cues();
  std::set<double> exchanged;
  int64_t files = 0;
  for (const CorruptedSubtitle& subtitle : all_kinds()) {
    if (subtitle.kind != "C9") continue;
    ++files;
    CHECK(touched(subtitle) == 7);
    for (size_t i = 0; i < subtitle.cues.size(); ++i) {
      CHECK(subtitle.truth[i].touched == (subtitle.cues[i].text != right[i].text));
      if (!subtitle.truth[i].touched) continue;
      CHECK(subtitle.truth[i].text == TextTruth::not_spoken);
      CHECK(exchanged.insert(subtitle.cues[i].start_seconds).second);  // other cues each time
      const auto length = static_cast<double>(right[i].text.size());
      CHECK(std::abs(static_cast<double>(subtitle.cues[i].text.size()) - length) <= 0.15 * length);
    }
  }
  CHECK(files == 4);
  const auto all = all_kinds();
  for (const char* name : {"C10 another programme", "C10 its own texts shuffled", "C11 another language"})
    CHECK_MESSAGE(count(named(all, name), TextTruth::not_spoken) == 70, name);
  CHECK(count(named(all, "C11 another language in 10 %"), TextTruth::not_spoken) == 7);
  const int64_t swapped = count(named(all, "C8 neighbours swapped"), TextTruth::not_spoken);
  CHECK(swapped > 0);
  CHECK(swapped % 2 == 0);
}

TEST_CASE("corrupted subtitles: texts that are shorter or a word off, cues more or fewer") {
  const auto right = right_cues();
  const auto all = all_kinds();
  for (const char* name : {"C12 one word in four left out", "C12 half of the text"}) {
    const CorruptedSubtitle& subtitle = named(all, name);
    CAPTURE(name);
    CHECK(touched(subtitle) > 5);
    for (size_t i = 0; i < subtitle.cues.size(); ++i) {
      CHECK(subtitle.truth[i].text == TextTruth::spoken);
      CHECK((subtitle.cues[i].text.size() < right[i].text.size()) == subtitle.truth[i].touched);
    }
  }
  const CorruptedSubtitle& changed = named(all, "C13 one word changed");
  CHECK(count(changed, TextTruth::changed) > 3);
  CHECK(count(changed, TextTruth::not_spoken) == 0);
  CHECK(named(all, "C14 cues missing").cues.size() < 70);
  CHECK(touched(named(all, "C14 cues missing")) == 0);
  CHECK(count(named(all, "C14 cues twice"), TextTruth::not_spoken) > 0);
  const CorruptedSubtitle& phantoms = named(all, "C14 cues in pauses");
  for (size_t i = 0; i < phantoms.cues.size(); ++i) {
    if (phantoms.truth[i].text != TextTruth::not_spoken) continue;
    for (const CheckedText& cue : right) {
      const bool apart = phantoms.cues[i].end_seconds <= cue.start_seconds ||
                         phantoms.cues[i].start_seconds >= cue.end_seconds;
      CHECK(apart);
    }
  }
  CHECK(phantoms.cues.size() > 75);
  CHECK(named(all, "C15 cues divided").cues.size() > 75);
  CHECK(named(all, "C15 cues joined").cues.size() < 65);
  CHECK(!std::ranges::is_sorted(named(all, "C15 cues out of order").cues, {}, &CheckedText::start_seconds));
  CHECK(count(named(all, "C16 speakers, tags, sounds"), TextTruth::unjudged) > 5);
  CHECK(named(all, "C17 rolling lines").cues[1].text == right[0].text + "\n" + right[1].text);
}

TEST_CASE("loosened: starts differ by tenths of a second, ends come later, texts stay") {
  const auto right = right_cues();
  const auto loose = loosened(right, 3);
  REQUIRE(loose.size() == right.size());
  double square = 0.0;
  for (size_t i = 0; i < right.size(); ++i) {
    CHECK(loose[i].text == right[i].text);
    const double late = loose[i].start_seconds - right[i].start_seconds;
    square += late * late / static_cast<double>(right.size());
    CHECK(loose[i].end_seconds - right[i].end_seconds >= 0.2);
    CHECK(loose[i].end_seconds - right[i].end_seconds <= 1.2);
  }
  CHECK(std::sqrt(square) == doctest::Approx(0.12).epsilon(0.3));
}

TEST_CASE("corrupted subtitles: the seed alone decides, and little to draw from is no harm") {
  const auto a = all_kinds();
  const auto b = all_kinds();
  const auto c = all_kinds(4);
  bool differs = false;
  for (size_t k = 0; k < a.size(); ++k) {
    for (size_t i = 0; i < a[k].cues.size(); ++i) {
      CHECK(a[k].cues[i].text == b[k].cues[i].text);
      CHECK(a[k].cues[i].start_seconds == b[k].cues[i].start_seconds);
    }
    differs |=
        a[k].cues.size() != c[k].cues.size() || a[k].cues[0].start_seconds != c[k].cues[0].start_seconds;
  }
  CHECK(differs);
  CHECK(corrupted_subtitles({}, other_texts(), 1).empty());
  const std::vector<CheckedText> one{{1.0, 3.0, "only this"}};
  for (const CorruptedSubtitle& subtitle : corrupted_subtitles(one, {}, 1)) {
    CHECK(subtitle.cues.size() == subtitle.truth.size());
    CHECK(subtitle.kind != "C11");
  }
  // Without others, texts from far away in the same programme serve.
  const auto own = corrupted_subtitles(right_cues(), {}, 3);
  const CorruptedSubtitle& exchanged = named(own, "C9 texts of others in 10 %");
  CHECK(count(exchanged, TextTruth::not_spoken) == 7);
}
