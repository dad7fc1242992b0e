// The timing model on evidence that is made up: what is so, errors of hearing, and places that mean nothing.

#include "wav2vec/check/timing_model.h"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <numbers>

#include "wav2vec/core/rng.h"

using namespace wav2vec;

namespace {

struct Made {
  double jitter_seconds = 0.05;  ///< of hearing
  double loose_seconds = 0.0;    ///< of the cues
  double missed = 0.15;          ///< cues that are not heard where they are spoken
  int64_t cues = 120;
  uint64_t seed = 1;
};

/// `spoken`: when a cue of the subtitle is spoken; negative: never.
std::vector<CueEvidence> evidence(const Made& made, const std::function<double(double)>& spoken) {
  const RandomStream random(made.seed, RandomUse::crop, {});
  uint64_t at = 0;
  const auto uniform = [&] { return random.uniform(at++); };
  const auto normal = [&] {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * uniform());
  };
  std::vector<CueEvidence> cues;
  double seconds = 1.0;
  for (int64_t c = 0; c < made.cues; ++c, seconds += 1.5 + 3.0 * uniform()) {
    CueEvidence cue{
        .start_seconds = seconds + made.loose_seconds * normal(), .end_seconds = seconds + 2.0, .places = {}};
    const double place = spoken(seconds);
    if (place >= 0.0 && uniform() >= made.missed) {
      const double start = place + made.jitter_seconds * normal();
      cue.places.push_back({start, start + 1.5, 10.0 + 30.0 * uniform()});
    }
    for (int k = 0; k < 3; ++k) {
      const double start = cue.start_seconds + 120.0 * (uniform() - 0.5);
      cue.places.push_back({start, start + 1.5, 12.0 * uniform()});
    }
    cues.push_back(cue);
  }
  return cues;
}

}  // namespace

TEST_CASE("timing model: what is right stays as it is, exact or loose") {
  for (const int64_t cues : {120, 400}) {
    for (const double loose : {0.0, 0.12, 0.2, 0.4, 0.8}) {
      for (uint64_t seed = 1; seed <= 20; ++seed) {
        CAPTURE(cues);
        CAPTURE(loose);
        CAPTURE(seed);
        const TimingModel model = fit_timing(
            evidence({.loose_seconds = loose, .cues = cues, .seed = seed}, [](double s) { return s; }));
        CHECK(model.identity);
        CHECK(model.segments.size() == 1);
        CHECK(model.support > cues * 2 / 3);
      }
    }
  }
}

TEST_CASE("timing model: a loose subtitle may be late for all that") {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    const TimingModel little =
        fit_timing(evidence({.loose_seconds = 0.12, .seed = seed}, [](double s) { return s + 0.25; }));
    CHECK_FALSE(little.identity);
    REQUIRE(little.segments.size() == 1);
    CHECK(std::abs(little.segments[0].offset_seconds - 0.25) < 0.06);
    const TimingModel much =
        fit_timing(evidence({.loose_seconds = 0.8, .seed = seed}, [](double s) { return s + 10.0; }));
    CHECK_FALSE(much.identity);
    REQUIRE(much.segments.size() == 1);
    CHECK(much.segments[0].slope == 1.0);
    CHECK(std::abs(much.segments[0].offset_seconds - 10.0) < 0.4);
  }
}

TEST_CASE("timing model: a shift is found to some hundredths of a second") {
  for (const double shift : {-30.0, -2.0, -0.2, 0.2, 0.5, 5.0, 40.0}) {
    CAPTURE(shift);
    const TimingModel model = fit_timing(evidence({}, [&](double s) { return s + shift; }));
    CHECK_FALSE(model.identity);
    REQUIRE(model.segments.size() == 1);
    CHECK(model.segments[0].slope == 1.0);
    CHECK(model.segments[0].offset_seconds == doctest::Approx(shift).epsilon(0.03 / std::abs(shift)));
    CHECK(model.log_odds > 20.0);
  }
}

TEST_CASE("timing model: frame rates are named, clocks that run otherwise are measured") {
  for (const FrameRateRatio& ratio : frame_rate_ratios()) {
    CAPTURE(ratio.name);
    // Within the search of a minute: programmes of ten to twenty minutes.
    const TimingModel model =
        fit_timing(evidence({.cues = 300}, [&](double s) { return ratio.slope * s + 0.7; }));
    REQUIRE(model.segments.size() == 1);
    CHECK(model.segments[0].ratio == ratio.name);
    CHECK(model.segments[0].offset_seconds == doctest::Approx(0.7).epsilon(0.05));
  }
  for (const double slope : {1.0 + 3e-4, 1.0 - 7e-4}) {
    CAPTURE(slope);
    const TimingModel model = fit_timing(evidence({.cues = 900}, [&](double s) { return slope * s; }));
    REQUIRE(model.segments.size() == 1);
    CHECK(model.segments[0].ratio.empty());
    CHECK(std::abs(model.segments[0].slope - slope) < 2e-5);
  }
}

TEST_CASE("timing model: a cut and an inserted break, each where it is") {
  const TimingModel cut = fit_timing(evidence({}, [](double s) {
    return s < 150.0 ? s : s < 195.0 ? -1.0 : s - 45.0;
  }));
  REQUIRE(cut.segments.size() == 2);
  CHECK(std::abs(cut.segments[0].offset_seconds) < 0.03);
  CHECK(cut.segments[1].offset_seconds == doctest::Approx(-45.0).epsilon(0.001));
  const auto made = evidence({}, [](double s) { return s < 200.0 ? s : s + 30.0; });
  const TimingModel insert = fit_timing(made);
  REQUIRE(insert.segments.size() == 2);
  CHECK(insert.segments[1].offset_seconds == doctest::Approx(30.0).epsilon(0.001));
  const double border = made[static_cast<size_t>(insert.segments[1].first_cue)].start_seconds;
  CHECK(std::abs(border - 200.0) < 12.0);
}

TEST_CASE("timing model: nothing is heard, nothing is changed") {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    const TimingModel model = fit_timing(evidence({.seed = seed}, [](double) { return -1.0; }));
    CHECK(model.identity);
    CHECK(model.support < 30);
  }
  CHECK(fit_timing({}).identity);
}
