#include "wav2vec/core/duration.h"

#include <doctest/doctest.h>

#include <limits>

using namespace wav2vec;

TEST_CASE("durations read as a person would say them") {
  CHECK(format_duration(0.2) == "0 s");
  CHECK(format_duration(59.4) == "59 s");
  CHECK(format_duration(59.6) == "1 min");
  CHECK(format_duration(725) == "12 min");
  CHECK(format_duration(3599) == "1 h 00 min");
  CHECK(format_duration(3720) == "1 h 02 min");
  CHECK(format_duration(86399) == "1 d 00 h");
  CHECK(format_duration(3 * 86400 + 4 * 3600) == "3 d 04 h");
  CHECK(format_duration(-1) == "?");
  CHECK(format_duration(std::numeric_limits<double>::quiet_NaN()) == "?");
  CHECK(format_duration(std::numeric_limits<double>::infinity()) == "?");
  CHECK(format_duration(1e300) == "11574 d 02 h");
}

TEST_CASE("little audio is told in seconds and minutes, much in hours") {
  CHECK(format_audio_length(0.0) == "0 s");
  CHECK(format_audio_length(0.56) == "0.6 s");
  CHECK(format_audio_length(24.0) == "24 s");
  CHECK(format_audio_length(25 * 60.0) == "25 min");
  CHECK(format_audio_length(3569.4) == "59 min");
  CHECK(format_audio_length(3599.9) == "1.00 h");
  CHECK(format_audio_length(960.1 * 3600.0) == "960.10 h");
  CHECK(format_audio_length(-1) == "?");
  CHECK(format_audio_length(std::numeric_limits<double>::infinity()) == "?");
}
