#include "wav2vec/benchmark/time_scores.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace wav2vec;

namespace {

/// Twenty cues of 2 s every 4 s; the latter ten are 30 s late, and 30 s of the audio are not there.
CorruptedSubtitle cut_subtitle() {
  CorruptedSubtitle subtitle;
  subtitle.expected = FileState::cut;
  for (int i = 0; i < 20; ++i) {
    const double start = 4.0 * i + (i < 10 ? 0.0 : 30.0);
    subtitle.cues.push_back({start, start + 2.0, "text"});
    subtitle.truth.push_back({.start_seconds = 4.0 * i});
  }
  subtitle.segments = {{0.0, 39.0, 1.0, 0.0}, {69.0, 110.0, 1.0, -30.0}};
  return subtitle;
}

ReferenceSync split_at(size_t cue, double offset) {
  ReferenceSync sync{.slope = 1.0, .offsets_seconds = std::vector<double>(20, 0.0)};
  for (size_t i = cue; i < 20; ++i) sync.offsets_seconds[i] = offset;
  return sync;
}

TimeScore score_of(const CorruptedSubtitle& subtitle, const ReferenceSync& sync) {
  TimeScore score;
  add_score(score, subtitle, retimed(subtitle.cues, order_of_times(subtitle.cues), sync));
  return score;
}

}  // namespace

TEST_CASE("time scores: a cut that is found where it is") {
  const TimeScore score = score_of(cut_subtitle(), split_at(10, -30.0));
  CHECK(score.true_cuts == 1);
  CHECK(score.found_cuts == 1);
  CHECK(score.right_cuts == 1);
  CHECK(score.cues == 20);
  CHECK(score.moved == 10);
  for (const int64_t within : score.within) CHECK(within == 20);
  CHECK(score.shift_errors_seconds == std::vector<double>{0.0});
  CHECK(score.slope_errors == std::vector<double>{0.0});
}

TEST_CASE("time scores: a cut that is found elsewhere, twice or not at all") {
  // Two cues early: 8 s away.
  const TimeScore early = score_of(cut_subtitle(), split_at(8, -30.0));
  CHECK(early.found_cuts == 1);
  CHECK(early.right_cuts == 0);
  CHECK(early.within[3] == 18);
  ReferenceSync twice = split_at(10, -30.0);
  twice.offsets_seconds[15] = -29.7;
  const TimeScore often = score_of(cut_subtitle(), twice);
  CHECK(often.found_cuts == 3);
  CHECK(often.right_cuts == 1);
  CHECK(often.within[1] == 19);
  CHECK(often.within[2] == 20);
  const TimeScore none = score_of(cut_subtitle(), split_at(20, 0.0));
  CHECK(none.found_cuts == 0);
  CHECK(none.moved == 0);
  CHECK(none.within[3] == 10);
}

TEST_CASE("time scores: a ratio is right by its name, cues that are not spoken have no time") {
  CorruptedSubtitle subtitle = cut_subtitle();
  subtitle.segments = {{0.0, 110.0, 25.0 / 24.0, 0.0}};
  subtitle.ratio = "25/24";
  for (size_t i = 0; i < 20; ++i)
    subtitle.truth[i].start_seconds = 25.0 / 24.0 * subtitle.cues[i].start_seconds;
  subtitle.truth[3].start_seconds.reset();
  TimeScore sum;
  sum += score_of(subtitle, {.slope = 25.0 / 24.0, .offsets_seconds = std::vector<double>(20, 0.0)});
  sum += score_of(subtitle, split_at(20, 0.0));
  CHECK(sum.ratios == 2);
  CHECK(sum.right_ratios == 1);
  CHECK(sum.timed_cues == 38);
  CHECK(sum.slope_errors[0] == 0.0);
  CHECK(sum.slope_errors[1] == doctest::Approx(1.0 - 24.0 / 25.0));
  CHECK(sum.shift_errors_seconds[1] > 1.0);
}

TEST_CASE("time scores: what check suggests counts only where it says that times are wrong") {
  const CorruptedSubtitle subtitle = cut_subtitle();
  CheckResult result;
  result.state = FileState::cut;
  result.timing.segments = {{.end_cue = 10, .ratio = {}},
                            {.first_cue = 10, .end_cue = 20, .offset_seconds = -30.0, .ratio = {}}};
  for (size_t i = 0; i < 20; ++i) {
    CheckedCue cue;
    cue.suggested_start_seconds = 4.0 * static_cast<double>(i);
    result.cues.push_back(cue);
  }
  TimeScore score;
  add_score(score, subtitle, retimed(subtitle.cues, result));
  CHECK(score.right_cuts == 1);
  CHECK(score.within[0] == 20);
  result.state = FileState::unsure;
  TimeScore unsure;
  add_score(unsure, subtitle, retimed(subtitle.cues, result));
  CHECK(unsure.moved == 0);
  CHECK(unsure.found_cuts == 0);
  CHECK(unsure.within[0] == 10);
}
