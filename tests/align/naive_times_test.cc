#include "wav2vec/align/naive_times.h"

#include <doctest/doctest.h>

using namespace wav2vec;

TEST_CASE("naive times: letters share the time, from the first loud frame to the last") {
  std::vector<double> powers(100, 1e-9);
  for (size_t t = 20; t < 80; ++t) powers[t] = 1.0;
  const TimeSpan span = loud_span(powers, 0.01);
  CHECK(span.start_seconds == doctest::Approx(0.20));
  CHECK(span.end_seconds == doctest::Approx(0.80));
  // "ab cde": six letters with the gap.
  const std::vector<TokenWord> words{{0, 2}, {3, 6}};
  const auto times = uniform_times(words, 6, span);
  CHECK(times[0].end_seconds == doctest::Approx(0.40));
  CHECK(times[1].start_seconds == doctest::Approx(0.50));
  CHECK(times[1].end_seconds == doctest::Approx(0.80));

  powers[44] = 0.01;
  const auto snapped = snapped_times(times, powers, 0.01, 0.1);
  CHECK(snapped[0].start_seconds == times[0].start_seconds);
  CHECK(snapped[0].end_seconds == doctest::Approx(0.445));
  CHECK(snapped[1].start_seconds == doctest::Approx(0.445));
  CHECK(snapped[1].end_seconds == times[1].end_seconds);
  // Out of reach.
  CHECK(snapped_times(times, powers, 0.01, 0.01)[0].end_seconds != doctest::Approx(0.445));
}
