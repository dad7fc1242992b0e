#include "wav2vec/io/feature_summary.h"

#include <fmt/format.h>

#include <array>
#include <fstream>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/hash.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;

std::ifstream open_regular(const fs::path& path) {
  std::error_code error;
  std::ifstream file;
  if (fs::is_regular_file(path, error)) file.open(path, std::ios::binary);
  if (!file.is_open())
    throw DataError(fmt::format("{}: cannot open; check the path", printable(path.string())));
  return file;
}

}  // namespace

std::string file_hash(const fs::path& path) {
  std::ifstream file = open_regular(path);
  std::string buffer(1 << 20, '\0');
  uint32_t crc = 0;
  while (file) {
    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    crc = crc32c(buffer.data(), static_cast<size_t>(file.gcount()), crc);
  }
  return fmt::format("crc32c:{:08x}", crc);
}

FeatureFileSummary summarize_htk(const fs::path& path) {
  std::ifstream file = open_regular(path);
  std::array<unsigned char, 12> header{};
  const auto fail = [&](const std::string& problem) {
    throw FormatError(
        fmt::format("{}: not an HTK file of floats: {}; write it again", printable(path.string()), problem));
  };
  if (!file.read(reinterpret_cast<char*>(header.data()), header.size())) fail("shorter than its header");
  const auto number = [&](size_t at, size_t bytes) {
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; ++i) value = value << 8 | header.at(at + i);
    return value;
  };
  const uint64_t rows = number(0, 4);
  const uint64_t row_bytes = number(8, 2);
  const uint64_t expected = header.size() + rows * row_bytes;
  if (row_bytes == 0 || row_bytes % sizeof(float) != 0) fail(fmt::format("rows of {} bytes", row_bytes));
  if (const uint64_t found = fs::file_size(path); found != expected)
    fail(fmt::format("{} bytes, expected {} for {} rows", found, expected, rows));
  return {static_cast<int64_t>(rows), static_cast<int64_t>(row_bytes / sizeof(float)),
          static_cast<double>(number(4, 4)) * 1e-7, file_hash(path)};
}

}  // namespace wav2vec
