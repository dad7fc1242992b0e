#include "wav2vec/extract/cmvn_statistics.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "support/feature_matrix.h"
#include "support/temporary_folder.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/file.h"
#include "wav2vec/io/npy.h"

using namespace wav2vec;
using namespace wav2vec::test;

TEST_CASE("CMVN statistics come back from their file to the bit, in Kaldi's layout") {
  const TemporaryFolder temporary;
  const auto path = temporary.path() / "speaker.npy";
  CmvnStatistics s;
  s.add(noise_features(321, 4, 1).rows());
  write_cmvn_statistics(path, s);
  const CmvnStatistics back = read_cmvn_statistics(path);
  CHECK(back.frames == 321.0);
  CHECK(back.sums == s.sums);
  CHECK(back.squares == s.squares);
  const NpyArray array = read_npy(path);
  CHECK(array.shape == std::vector<int64_t>{2, 5});
  CHECK(array.doubles()[4] == 321.0);
  CHECK(array.doubles()[5] == s.squares[0]);
  CHECK(array.doubles()[9] == 0.0);
}

TEST_CASE("what cannot be CMVN statistics is refused by file name") {
  const TemporaryFolder temporary;
  const auto path = temporary.path() / "bad.npy";
  const auto refused = [&](const char* found) {
    CHECK_THROWS_WITH_AS(read_cmvn_statistics(path), doctest::Contains("bad.npy"), FormatError);
    CHECK_THROWS_WITH_AS(read_cmvn_statistics(path), doctest::Contains(found), FormatError);
  };
  const std::vector<float> floats(6, 1.0F);
  const int64_t shape[] = {2, 3};
  write_npy(path, floats, shape);
  refused("<f4 [2, 3]");
  const auto write = [&](const CmvnStatistics& s) { write_cmvn_statistics(path, s); };
  write({0.0, {1.0}, {1.0}});
  refused("0 frames");
  write({2.0, {4.0}, {7.0}});  // the squares of values that add up to 4 are 8 at least
  refused("2 frames");
  write({2.0, {4.0}, {8.0}});
  CHECK(read_cmvn_statistics(path).frames == 2.0);
  write({2.0, {INFINITY}, {INFINITY}});
  refused("that no frames have");
  write({NAN, {1.0}, {1.0}});
  refused("nan frames");
  write_file(path, "no npy");
  refused("npy");
  write({2.0, {4.0}, {8.0}});
  CHECK(read_cmvn_statistics(path, 1).frames == 2.0);
  CHECK_THROWS_WITH_AS(read_cmvn_statistics(path, 40),
                       doctest::Contains("statistics of 1 channels, the features have 40"), FormatError);
  // 32 GiB that are not there: refused before memory is taken.
  const int64_t wide[] = {2, int64_t{1} << 31};
  const std::string header = npy_header("<f8", wide);
  write_file(path, header);
  std::filesystem::resize_file(path, header.size() + (uint64_t{1} << 35));
  refused("16777216 at most");
  std::filesystem::remove(path);
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  CHECK_THROWS_AS(read_cmvn_statistics(path), DataError);
}
