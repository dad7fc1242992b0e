#include "wav2vec/head/boundary_errors.h"

#include <doctest/doctest.h>

using namespace wav2vec;

namespace {

Alignment alignment(std::vector<TimedLabel> a, std::vector<TimedLabel> b) {
  Alignment out;
  out.utterances["a.wav"] = std::move(a);
  out.utterances["b.wav"] = std::move(b);
  return out;
}

}  // namespace

TEST_CASE("boundary errors: words of the same utterance, whatever their case and punctuation") {
  const Alignment found = alignment({{0.10, 0.40, "Don't,"}, {0.60, 0.20, "GO"}}, {{0.0, 1.0, "yes"}});
  const Alignment reference =
      alignment({{0.0, 0.1, "<sil>"}, {0.13, 0.39, "don't"}, {0.58, 0.22, "go"}}, {{0.0, 1.0, "no"}});
  const BoundaryComparison comparison = compare_times(found, reference, {{"a.wav", "speaker"}});
  CHECK(comparison.utterances == 1);
  CHECK(comparison.different_words == 1);
  REQUIRE(comparison.errors.size() == 4);
  const BoundaryStatistics starts = boundary_statistics(comparison, Boundaries::starts);
  CHECK(starts.boundaries == 2);
  CHECK(starts.mean.value == doctest::Approx(0.025));
  CHECK(starts.bias == doctest::Approx(-0.005));
  CHECK(starts.median == doctest::Approx(0.025));
  CHECK(starts.shares_within == std::vector<double>{0.0, 0.5, 1.0, 1.0, 1.0});
  const BoundaryStatistics ends = boundary_statistics(comparison, Boundaries::ends);
  CHECK(ends.mean.value == doctest::Approx(0.010));
  CHECK(boundary_statistics(comparison, Boundaries::all).boundaries == 4);
}

TEST_CASE("boundary errors: an utterance that was not found is counted") {
  Alignment found;
  found.utterances["a"] = {{0.0, 0.5, "x"}};
  const Alignment reference = alignment({{0.0, 0.5, "x"}}, {{0.0, 0.5, "y"}});
  const BoundaryComparison comparison = compare_times(found, reference, {});
  CHECK(comparison.utterances == 1);
  CHECK(comparison.missing_utterances == 1);
}
