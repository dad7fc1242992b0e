#include "wav2vec/io/feature_summary.h"

#include <doctest/doctest.h>

#include "support/temporary_folder.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/file.h"

using namespace wav2vec;

TEST_CASE("htk: counted by its header; every other length is refused") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "a.htk";
  const std::string good = std::string("\0\0\0\2\0\1\x86\xA0\0\x0C\0\x09", 12) + std::string(24, 'x');
  write_file(path, good);
  const FeatureFileSummary summary = summarize_htk(path);
  CHECK(summary.frames == 2);
  CHECK(summary.channels == 3);
  CHECK(summary.period_seconds == doctest::Approx(0.01));
  write_file(path, "123456789");
  CHECK(file_hash(path) == "crc32c:e3069283");
  for (size_t n = 0; n < good.size(); ++n) {
    write_file(path, good.substr(0, n));
    CHECK_THROWS_AS(summarize_htk(path), FormatError);
  }
  write_file(path, good + "x");
  CHECK_THROWS_AS(summarize_htk(path), FormatError);
  CHECK_THROWS_AS(summarize_htk(folder.path()), DataError);
}
