// Kaldi archives are counted without trusting a byte of them.

#include "wav2vec/io/ark.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>
#include <vector>

#include "support/temporary_folder.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/file.h"
#include "wav2vec/io/feature_writer.h"

using namespace wav2vec;
namespace fs = std::filesystem;

namespace {

const FeatureContract kContract{.sample_rate_hz = 16000,
                                .hop_samples = 160,
                                .layer = "c",
                                .channels = 12,
                                .model = {},
                                .model_hash = {},
                                .resampler = {},
                                .dtype = {}};

std::string little_endian(int32_t value) {
  std::string bytes;
  for (int shift = 0; shift < 32; shift += 8)
    bytes += static_cast<char>(static_cast<uint32_t>(value) >> shift & 0xFFU);
  return bytes;
}

/// "key \0B<kind> \4rows\4columns" and `data` zeros.
std::string matrix(const std::string& key, const std::string& kind, int32_t rows, int32_t columns,
                   size_t data) {
  return key + " " + std::string("\0B", 2) + kind + " \4" + little_endian(rows) + "\4" +
         little_endian(columns) + std::string(data, '\0');
}

/// The same for the compressed kinds: least value, range, rows, columns.
std::string compressed(const std::string& key, const std::string& kind, int32_t rows, int32_t columns,
                       size_t data) {
  return key + " " + std::string("\0B", 2) + kind + " " + std::string(8, '\0') + little_endian(rows) +
         little_endian(columns) + std::string(data, '\0');
}

}  // namespace

TEST_CASE("ark: what the writer wrote is counted, through the archive and through its index") {
  const TemporaryFolder folder;
  const std::vector<float> values(60, 1.0F);
  const auto writer = make_feature_writer(FeatureFormat::ark, {folder.path(), "", false}, kContract);
  writer->write("a", rows_in_memory(values.data(), 5, 12));
  writer->write("speaker/b", rows_in_memory(values.data(), 3, 12));
  writer->write("empty", rows_in_memory(values.data(), 0, 12));
  writer->close();
  for (const ArkSummary& summary :
       {summarize_ark(folder.path() / "feats.ark"), summarize_scp(folder.path() / "feats.scp")}) {
    CHECK(summary.utterances == 3);
    CHECK(summary.frames == 8);
    CHECK(summary.channels == 12);
    CHECK(summary.kind == "FM");
  }
}

TEST_CASE("ark: double and compressed matrices, and different widths") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "x.ark";
  for (const auto& [kind, bytes] : std::vector<std::pair<std::string, size_t>>{
           {"CM", 3 * 8 + 2 * 3}, {"CM2", 2 * 3 * 2}, {"CM3", 2 * 3}}) {
    CAPTURE(kind);
    write_file(path, compressed("a", kind, 2, 3, bytes) + compressed("b", kind, 2, 3, bytes));
    CHECK(summarize_ark(path).utterances == 2);
    CHECK(summarize_ark(path).frames == 4);
    CHECK(summarize_ark(path).kind == kind);
    write_file(path, compressed("a", kind, 2, 3, bytes - 1));
    CHECK_THROWS_AS(summarize_ark(path), FormatError);
  }
  write_file(path, matrix("a", "DM", 2, 3, 48) + matrix("b", "FM", 1, 4, 16));
  const ArkSummary mixed = summarize_ark(path);
  CHECK(mixed.utterances == 2);
  CHECK(mixed.channels == -1);
  CHECK(mixed.kind == "mixed");
}

TEST_CASE("ark: whatever is damaged is refused") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "x.ark";
  const std::string good = matrix("a", "FM", 2, 3, 24) + matrix("b", "FM", 2, 3, 24);
  const size_t half = good.size() / 2;
  for (size_t bytes = 0; bytes < good.size(); ++bytes) {
    if (bytes == half) continue;  // one whole matrix
    CAPTURE(bytes);
    write_file(path, good.substr(0, bytes));
    CHECK_THROWS_AS(summarize_ark(path), FormatError);
  }
  constexpr int32_t kMost = 0x7FFFFFFF;
  for (const std::string& bad :
       {matrix("a", "FM", -1, 3, 24), matrix("a", "FM", kMost, kMost, 24),
        matrix("a", "DM", kMost, kMost, 24), compressed("a", "CM", kMost, kMost, 24),
        matrix("a", "FV", 2, 3, 24), matrix("a", "FMFMFM", 2, 3, 24), matrix("", "FM", 2, 3, 24),
        std::string("a  [\n 1 2\n 3 4\n"), std::string(10000, 'k'), good + "x"}) {
    write_file(path, bad);
    CHECK_THROWS_AS(summarize_ark(path), FormatError);
  }
  CHECK_THROWS_AS(summarize_ark(folder.path() / "absent.ark"), DataError);
  CHECK_THROWS_AS(summarize_ark(folder.path()), DataError);
}

TEST_CASE("scp: a long text matrix that many lines name is read once") {
  const TemporaryFolder folder;
  const fs::path other = folder.path() / "b.ark";
  const fs::path ark = folder.path() / "a.ark";
  std::string row = "a  [";
  for (int i = 0; i < 300'000; ++i) row += " 1";
  write_file(ark, row + " ]\n");
  write_file(other, row + " ]\n");
  constexpr int kLines = 5000;
  std::string index;
  for (int i = 0; i < kLines; ++i) index += fmt::format("{} {}:2\n", i, (i % 2 == 0 ? ark : other).string());
  write_file(folder.path() / "a.scp", index);
  const auto start = std::chrono::steady_clock::now();
  CHECK(summarize_scp(folder.path() / "a.scp").utterances == kLines);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(10));  // else a minute or more
  write_file(ark, "a " + std::string(1000, ' ') + "[ 1 ]\n");
  CHECK_THROWS_AS(summarize_ark(ark), FormatError);
}

TEST_CASE("scp: relative archives are found, commands and wrong places are refused with the line") {
  const TemporaryFolder folder;
  const fs::path index = folder.path() / "x.scp";
  write_file(folder.path() / "x.ark", matrix("a", "FM", 2, 3, 24) + matrix("b", "FM", 4, 3, 48));
  write_file(index, "a x.ark:2\r\n\nb x.ark:43\n");
  CHECK(summarize_scp(index).frames == 6);
  const std::vector<std::string> bad_lines{"a",
                                           "a x.ark",
                                           "a x.ark:",
                                           "a x.ark:-2",
                                           "a x.ark:3",
                                           "a x.ark:99999999999999999999",
                                           "a x.ark:500",
                                           "a touch hacked |",
                                           "a absent.ark:2",
                                           " x.ark:2",
                                           "a :2"};
  for (const std::string& line : bad_lines) {
    CAPTURE(line);
    write_file(index, "a x.ark:2\n" + line + "\n");
    try {
      summarize_scp(index);
      FAIL("accepted");
    } catch (const DataError& error) {
      CHECK(std::string(error.what()).find("x.scp:2: ") != std::string::npos);
    }
  }
  write_file(index, "\n");
  CHECK_THROWS_AS(summarize_scp(index), FormatError);
}
