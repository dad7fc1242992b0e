#include "wav2vec/probe/lag_detector.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <vector>

#include "wav2vec/core/rng.h"

namespace wav2vec {
namespace {

constexpr int64_t kChannels = 8;
constexpr int32_t kClasses = 6;

/// How features come from labels: x[t] = Σ over the context of mean[label[t − shift + offset]] / width +
/// noise.
struct Making {
  int64_t shift = 0;
  double noise = 1.0;
  int64_t past = 0;    ///< frames of context before
  int64_t future = 0;  ///< and behind
  int64_t utterances = 30;
  bool depends_on_labels = true;
};

struct Made {
  std::vector<std::vector<float>> rows;
  std::vector<LabelledFeatures> utterances;
};

double class_mean(int32_t label, int64_t channel) {
  return 2.0 * RandomStream(5, RandomUse::shuffle, {static_cast<uint64_t>(label)})
                   .uniform(static_cast<uint64_t>(channel)) -
         1.0;
}

/// Segments of 4 to 11 frames, as phones are at 10 ms.
std::vector<int32_t> make_labels(uint64_t seed, int64_t frames) {
  const RandomStream random(seed, RandomUse::crop, {});
  std::vector<int32_t> labels;
  for (uint64_t segment = 0; static_cast<int64_t>(labels.size()) < frames; ++segment) {
    const auto label = static_cast<int32_t>(random.below(2 * segment, kClasses + 1)) - 1;
    labels.insert(labels.end(), 4 + random.below(2 * segment + 1, 8), label);
  }
  labels.resize(static_cast<size_t>(frames));
  return labels;
}

std::vector<float> make_rows(const Making& making, const std::vector<int32_t>& labels, uint64_t seed) {
  const auto frames = static_cast<int64_t>(labels.size());
  const RandomStream random(seed, RandomUse::dropout, {});
  std::vector<float> rows;
  for (int64_t t = 0; t < frames; ++t) {
    for (int64_t d = 0; d < kChannels; ++d) {
      double x = 0.0;
      for (int64_t offset = -making.past; offset <= making.future; ++offset) {
        const int64_t from = std::clamp<int64_t>(t - making.shift + offset, 0, frames - 1);
        if (making.depends_on_labels) x += class_mean(labels[static_cast<size_t>(from)], d);
      }
      x /= static_cast<double>(making.past + making.future + 1);
      x += making.noise * 3.46 * (random.uniform(static_cast<uint64_t>(t * kChannels + d)) - 0.5);
      rows.push_back(static_cast<float>(100.0 + x));  // far from 0, as log-mel is
    }
  }
  return rows;
}

Made make(const Making& making) {
  Made made;
  for (int64_t i = 0; i < making.utterances; ++i) {
    const auto seed = static_cast<uint64_t>(i);
    const int64_t frames = 150 + 13 * (i % 5);
    std::vector<int32_t> labels = make_labels(seed, frames);
    made.rows.push_back(make_rows(making, labels, seed));
    made.utterances.push_back(
        {rows_in_memory(made.rows.back().data(), frames, kChannels), std::move(labels)});
  }
  return made;
}

LagReport detected(const Making& making) { return detect_lag(make(making).utterances); }

TEST_CASE("lag: known shifts are found through noise") {
  for (const double noise : {0.1, 1.0, 3.0}) {
    for (int64_t shift = -5; shift <= 5; ++shift) {
      CAPTURE(noise);
      CAPTURE(shift);
      const LagReport report = detected({.shift = shift, .noise = noise});
      CHECK(report.best_lag == shift);
      CHECK(report.verdict == (std::abs(shift) <= 1 ? LagVerdict::aligned : LagVerdict::shifted));
    }
  }
}

TEST_CASE("lag: the curve is a share of variance") {
  const LagReport report = detected({.noise = 0.0});
  REQUIRE(report.curve.size() == 11);
  CHECK(report.curve.front().lag == -5);
  CHECK(report.curve[5].lag == 0);
  CHECK(report.curve[5].explained == doctest::Approx(1.0).epsilon(1e-4));
  for (const LagCurvePoint& point : report.curve) {
    CHECK(point.explained > 0.0);
    CHECK(point.explained < 1.0 + 1e-4);
  }
  CHECK(report.curve[2].explained < report.curve[3].explained);
  // Segments of 7.5 frames on average: a shift by 5 leaves little.
  CHECK(report.curve.front().explained < 0.5);
  CHECK(report.frames > 3000);
}

TEST_CASE("lag: features that know nothing of the labels") {
  int64_t told = 0;
  for (int64_t utterances = 20; utterances < 40; ++utterances) {
    const LagReport report = detected({.utterances = utterances, .depends_on_labels = false});
    CHECK(report.curve.size() == 11);
    told += report.verdict == LagVerdict::cannot_tell ? 0 : 1;
  }
  CHECK(told == 0);
}

TEST_CASE("lag: context to both sides stays aligned, that of the past alone comes later") {
  const LagReport both = detected({.past = 4, .future = 4});
  CHECK(both.best_lag == 0);
  CHECK(both.verdict == LagVerdict::aligned);

  // The mean of a frame and the six before it fits the label three frames ago best.
  const LagReport causal = detected({.past = 6});
  CHECK(causal.best_lag == 3);
  CHECK(causal.verdict == LagVerdict::shifted);
  const LagReport little = detected({.past = 2});
  CHECK(little.best_lag == 1);
  CHECK(little.verdict == LagVerdict::aligned);
  const LagReport future = detected({.future = 6});
  CHECK(future.best_lag == -3);
}

TEST_CASE("lag: a shift beyond the range is told as at least the range") {
  const LagReport report = detected({.shift = 7, .noise = 0.5});
  CHECK(report.best_lag == 5);
  CHECK(describe(report) == "shifted by +5 frames or more (features after labels)");
  CHECK(describe(detected({.shift = -3})) == "shifted by -3 frames (features after labels)");
  CHECK(describe(detected({})) == "aligned (best lag 0)");
}

TEST_CASE("lag: too little to tell") {
  CHECK(detect_lag({}).verdict == LagVerdict::cannot_tell);
  CHECK(detected({.utterances = 3}).verdict == LagVerdict::cannot_tell);
  Made made = make({});
  for (LabelledFeatures& u : made.utterances) u.labels.assign(u.labels.size(), 2);
  CHECK(detect_lag(made.utterances).verdict == LagVerdict::cannot_tell);
  for (LabelledFeatures& u : made.utterances) u.labels.assign(u.labels.size(), -1);
  CHECK(describe(detect_lag(made.utterances)) == "cannot tell (too few labelled frames)");
  // Utterances shorter than the lags, and none at all.
  std::vector<LabelledFeatures> tiny(
      8, {rows_in_memory(made.rows[0].data(), 7, kChannels), {1, 1, 1, 2, 2, 2, 2}});
  tiny.push_back({rows_in_memory(nullptr, 0, kChannels), {}});
  CHECK(detect_lag(tiny).verdict == LagVerdict::cannot_tell);
}

TEST_CASE("lag: constant dimensions and numbers that are none do not mislead") {
  Made made = make({});
  const double before = detect_lag(made.utterances).curve[5].explained;
  for (auto& rows : made.rows) {
    for (size_t i = 0; i < rows.size(); i += kChannels) rows[i] = 7.25F;
  }
  const LagReport constant = detect_lag(made.utterances);
  CHECK(constant.verdict == LagVerdict::aligned);
  CHECK(constant.curve[5].explained == doctest::Approx(before).epsilon(0.3));
  made.rows[3][50] = std::numeric_limits<float>::quiet_NaN();
  CHECK(detect_lag(made.utterances).verdict == LagVerdict::cannot_tell);
}

TEST_CASE("lag: a sample of the utterances tells the same, each time") {
  const Made made = make({.shift = 2, .utterances = 60});
  const LagReport all = detect_lag(made.utterances);
  const LagReport some = detect_lag(made.utterances, {.max_utterances = 25});
  CHECK(some.frames < all.frames / 2);
  CHECK(some.best_lag == 2);
  CHECK(some.verdict == LagVerdict::shifted);
  CHECK(detect_lag(made.utterances, {.max_utterances = 25}).curve[4].explained == some.curve[4].explained);
}

}  // namespace
}  // namespace wav2vec
