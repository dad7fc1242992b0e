#include "wav2vec/check/corruption.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

using namespace wav2vec;

TEST_CASE("corrupted subtitles: each cue knows when it is spoken and whether its text is") {
  std::vector<CheckedText> cues;
  for (int i = 0; i < 60; ++i)
    cues.push_back({4.0 * i + 1.0, 4.0 * i + 3.0, "text " + std::to_string(100 + i)});
  const std::vector<std::string> others{"else 900", "else 901", "a much longer text than any"};
  const auto all = corrupted_subtitles(cues, others, 3);
  const auto named = [&](const std::string& name) -> const CorruptedSubtitle& {
    return *std::ranges::find(all, name, &CorruptedSubtitle::name);
  };
  for (const CorruptedSubtitle& subtitle : all) {
    CHECK(subtitle.cues.size() == subtitle.true_starts_seconds.size());
    CHECK(subtitle.cues.size() == subtitle.right_text.size());
  }
  const auto& shift = named("shift -2.0 s");
  CHECK(shift.cues.size() == 59);  // the first would begin before 0
  CHECK(shift.cues[0].start_seconds == doctest::Approx(shift.true_starts_seconds[0] - 2.0));
  const auto& cut = named("cut of 45 s");
  CHECK(cut.cues.front().start_seconds == cut.true_starts_seconds.front());
  CHECK(cut.cues.back().start_seconds == doctest::Approx(cut.true_starts_seconds.back() + 45.0));
  const auto& insert = named("insert of 30 s");
  CHECK(insert.cues.size() < 60);
  CHECK(insert.cues.back().start_seconds == doctest::Approx(insert.true_starts_seconds.back() - 30.0));
  const auto& loose = named("right, loose");
  CHECK(loose.cues.size() < 60);
  CHECK(loose.cues.size() > 40);
  const auto& some = named("wrong text in 10 %");
  const auto wrong = std::ranges::count(some.right_text, false);
  CHECK(wrong >= 1);
  CHECK(wrong < 20);
  const auto& other = named("another programme");
  CHECK(std::ranges::count(other.right_text, false) == 60);
  CHECK(other.cues[0].text.starts_with("else"));
}
