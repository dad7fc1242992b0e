#include "wav2vec/train/feature_statistics.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "wav2vec/core/rng.h"

using namespace wav2vec;

namespace {

/// Activations that own their memory; everything behind an item's length is NaN.
struct Features {
  Features(int64_t channels, std::vector<int64_t> item_lengths, int64_t frames)
      : lengths(std::move(item_lengths)),
        values(lengths.size() * static_cast<size_t>(frames * channels), std::nanf("")),
        view{values.data(), static_cast<int64_t>(lengths.size()), frames, channels, lengths} {}
  Features(const Features&) = delete;
  Features& operator=(const Features&) = delete;

  template <class Fill>
  void fill(Fill value) {
    for (int64_t b = 0, row = 0; b < view.batch; ++b) {
      for (int64_t t = 0; t < lengths[static_cast<size_t>(b)]; ++t, ++row) {
        for (int64_t c = 0; c < view.channels; ++c) view.frame(b, t)[c] = static_cast<float>(value(row, c));
      }
    }
  }

  std::vector<int64_t> lengths;
  std::vector<float> values;
  Activations view;
};

double noise(int64_t row, int64_t channel) {
  const RandomStream stream(7, RandomUse::crop, {static_cast<uint64_t>(row)});
  return stream.uniform(static_cast<uint64_t>(channel)) - 0.5;
}

}  // namespace

TEST_CASE("independent channels have full rank, repeated ones the rank of what is repeated") {
  Features features(16, {700, 300}, 1000);
  features.fill(noise);
  const auto independent = feature_statistics(features.view);
  CHECK(independent.frames == 1000);
  CHECK(independent.channels == 16);
  CHECK(independent.dead_channels == 0);
  CHECK(independent.standard_deviation == doctest::Approx(std::sqrt(1.0 / 12.0)).epsilon(0.02));
  CHECK(independent.effective_rank > 15.5);
  CHECK(independent.effective_rank <= 16.0 + 1e-9);

  features.fill([](int64_t row, int64_t c) { return noise(row, c % 4); });
  const auto repeated = feature_statistics(features.view);
  CHECK(repeated.effective_rank > 3.9);
  CHECK(repeated.effective_rank <= 4.0 + 1e-6);

  features.fill([](int64_t row, int64_t c) { return noise(row, 0) * static_cast<double>(c + 1) + 100.0; });
  CHECK(feature_statistics(features.view).effective_rank == doctest::Approx(1.0).epsilon(1e-3));
}

TEST_CASE("constant channels are dead, wherever they are constant") {
  Features features(10, {50}, 50);
  features.fill(
      [](int64_t row, int64_t c) { return c < 7 ? 1000.0 * static_cast<double>(c) : noise(row, c); });
  CHECK(feature_statistics(features.view).dead_channels == 7);
  CHECK(feature_statistics(features.view, /*dead_below=*/10.0).dead_channels == 10);

  features.fill([](int64_t, int64_t) { return 0.1; });
  const auto constant = feature_statistics(features.view);
  CHECK(constant.dead_channels == 10);
  CHECK(constant.effective_rank <= 1.0);
  CHECK(constant.standard_deviation == doctest::Approx(0.0));
}

TEST_CASE("frames behind an item's length are not looked at") {
  Features padded(8, {5, 90, 0, 30}, 120);
  padded.fill(noise);
  Features whole(8, {125}, 125);
  whole.fill(noise);
  const auto a = feature_statistics(padded.view);
  const auto b = feature_statistics(whole.view);
  CHECK(a.frames == 125);
  CHECK(a.standard_deviation == b.standard_deviation);
  CHECK(a.effective_rank == b.effective_rank);
}

TEST_CASE("a subsample sees the same rank, and fewer rows than channels work") {
  Features features(12, {3000}, 3000);
  features.fill([](int64_t row, int64_t c) { return noise(row, c % 6); });
  CHECK(feature_statistics(features.view, 1e-5, 500).effective_rank ==
        doctest::Approx(feature_statistics(features.view).effective_rank).epsilon(0.02));
  CHECK(feature_statistics(features.view, 1e-5, 4).effective_rank <= 3.0 + 1e-6);
}

TEST_CASE("nothing to look at, or not finite: NaN, never a crash") {
  Features none(4, {0, 0}, 3);
  CHECK(std::isnan(feature_statistics(none.view).effective_rank));
  CHECK(feature_statistics(none.view).frames == 0);
  Features broken(4, {20}, 20);
  broken.fill(noise);
  broken.view.frame(0, 3)[1] = std::numeric_limits<float>::infinity();
  CHECK(std::isnan(feature_statistics(broken.view).standard_deviation));
  CHECK(std::isnan(feature_statistics(broken.view).effective_rank));
}
