#include "wav2vec/io/feature_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <span>
#include <string_view>

#include "io/npy_header.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/hash.h"
#include "wav2vec/io/feature_writer.h"
#include "wav2vec/io/random_access_file.h"
#include "wav2vec/io/safetensors.h"
#include "wav2vec/io/zip.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxContractBytes = 1 << 20;
constexpr int kMaxFoldersUp = 16;

[[noreturn]] void fail(const fs::path& path, std::string_view expected, std::string_view problem) {
  throw FormatError(
      fmt::format("{}: not {}: {}; write it again", printable(path.string()), expected, problem));
}

std::ifstream open_regular(const fs::path& path) {
  std::error_code error;
  std::ifstream file;
  if (fs::is_regular_file(path, error)) file.open(path, std::ios::binary);
  if (!file.is_open())
    throw DataError(fmt::format("{}: cannot open; check the path", printable(path.string())));
  return file;
}

std::string bytes_at(RandomAccessFile& file, uint64_t offset, uint64_t bytes) {
  std::string text(bytes, '\0');
  file.read(offset, std::as_writable_bytes(std::span(text)));
  return text;
}

/// Of a file or of an entry of an archive.
NpyHeader npy_header_at(RandomAccessFile& file, uint64_t offset, uint64_t bytes) {
  return parse_npy_header(bytes_at(file, offset, std::min<uint64_t>(bytes, kMaxNpyHeaderBytes)), bytes);
}

const ZipEntry* find_entry(const std::vector<ZipEntry>& entries, std::string_view name) {
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](const ZipEntry& e) { return e.name == name; });
  return found == entries.end() ? nullptr : &*found;
}

/// `contract` is a text of bytes, as numpy.bytes_.
FeatureContract contract_in(RandomAccessFile& file, const ZipEntry& entry) {
  if (entry.bytes > kMaxContractBytes) throw FormatError("a contract of more than 1 MiB");
  verify_zip_entry(file, entry);
  const std::string array = bytes_at(file, entry.offset, entry.bytes);
  const NpyHeader header = parse_npy_header(array);
  if (!header.dtype.starts_with("|S") || !header.shape.empty()) throw FormatError("the contract is no text");
  return contract_from_json(std::string_view(array).substr(header.data_offset));
}

FeatureFileSummary matrix(std::span<const int64_t> shape) {
  return {.frames = shape[0], .channels = shape[1]};
}

// ---- CSV ------------------------------------------------------------------------------------------------

constexpr size_t kMaxLineBytes = 1 << 24;

bool is_number(std::string_view cell) {
  double value = 0.0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  return end == cell.data() + cell.size() && error != std::errc::invalid_argument;
}

/// Cells; the first one, an id, may be quoted (RFC 4180).
std::vector<std::string_view> cells_of(std::string_view line) {
  size_t end = 0;
  if (line.starts_with('"')) {
    end = line.find('"', 1);
    while (end != std::string_view::npos && line.substr(end + 1).starts_with('"'))
      end = line.find('"', end + 2);
    end = end == std::string_view::npos ? line.size() : end + 1;
  }
  std::vector<std::string_view> cells;
  for (size_t start = 0;; start = end + 1) {
    end = std::min(line.find(',', std::max(start, end)), line.size());
    cells.push_back(line.substr(start, end - start));
    if (end == line.size()) return cells;
  }
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

std::optional<FeatureContract> contract_beside(const fs::path& path, int64_t channels) {
  std::error_code error;
  fs::path folder = fs::absolute(path, error).lexically_normal().parent_path();
  for (int i = 0; i < kMaxFoldersUp && folder.has_relative_path(); ++i, folder = folder.parent_path()) {
    if (!fs::is_regular_file(folder / kContractFileName, error)) continue;
    try {
      const auto contract = read_feature_contract(folder);
      if (!contract || contract->channels != channels) return std::nullopt;
      return is_named_as(contract->file_format, path) ? contract : std::nullopt;
    } catch (const DataError&) {  // somebody else's file of that name
      return std::nullopt;
    }
  }
  return std::nullopt;
}

ArraySummary summarize_npy(const fs::path& path) {
  RandomAccessFile file = RandomAccessFile::open(path);
  try {
    NpyHeader header = npy_header_at(file, 0, file.size());
    return {std::move(header.dtype), std::move(header.shape)};
  } catch (const FormatError& error) {
    fail(path, "a usable npy file", error.what());
  }
}

FeatureFileSummary summarize_npz(const fs::path& path) {
  constexpr std::string_view kWhat = "a usable npz of features";
  RandomAccessFile file = RandomAccessFile::open(path);
  const std::vector<ZipEntry> entries = read_zip_directory(file);
  const ZipEntry* const features = find_entry(entries, "features.npy");
  if (features == nullptr) fail(path, kWhat, "no array \"features\" in it");
  try {
    verify_zip_entry(file, *features);
    const NpyHeader header = npy_header_at(file, features->offset, features->bytes);
    if (header.shape.size() != 2) throw FormatError("\"features\" is no matrix");
    FeatureFileSummary summary = matrix(header.shape);
    if (const ZipEntry* contract = find_entry(entries, "contract.npy"))
      summary.contract = contract_in(file, *contract);
    return summary;
  } catch (const FormatError& error) {
    const std::string_view problem = error.what();
    if (problem.starts_with(printable(path.string()))) throw;
    fail(path, kWhat, problem);
  }
}

std::optional<FeatureFileSummary> summarize_safetensors(const fs::path& path) {
  const SafetensorsFile file = SafetensorsFile::open(path);
  const TensorEntry* const features = file.find("features");
  if (features == nullptr || features->shape.size() != 2 || file.tensors().size() != 1) return std::nullopt;
  FeatureFileSummary summary = matrix(features->shape);
  if (!file.metadata().contains("hop_samples")) return summary;
  try {
    summary.contract = contract_from_text(file.metadata());
  } catch (const FormatError& error) {
    fail(path, "a usable safetensors of features", error.what());
  }
  return summary;
}

FeatureFileSummary summarize_csv(const fs::path& path) {
  constexpr std::string_view kWhat = "a CSV of features";
  std::ifstream file = open_regular(path);
  std::string buffer(kMaxLineBytes, '\0');
  int64_t number = 0;
  const auto next = [&](std::string_view& line) {
    if (!file.getline(buffer.data(), static_cast<std::streamsize>(buffer.size()))) {
      if (file.gcount() != 0) fail(path, kWhat, fmt::format("line {} has more than 16 MiB", number + 1));
      return false;
    }
    line = std::string_view(buffer).substr(0, static_cast<size_t>(file.gcount()) - (file.eof() ? 0 : 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    ++number;
    return true;
  };
  std::string_view line;
  if (!next(line) || !line.starts_with("utterance,seconds,0"))
    fail(path, kWhat, "line 1 does not begin with \"utterance,seconds,0\", as that of extract does");
  const size_t columns = cells_of(line).size();
  FeatureFileSummary summary{.utterances = 0, .channels = static_cast<int64_t>(columns) - 2};
  std::string id;
  while (next(line)) {
    const auto cells = cells_of(line);
    if (cells.size() != columns)
      fail(path, kWhat, fmt::format("line {} has {} cells, expected {}", number, cells.size(), columns));
    if (!std::all_of(cells.begin() + 1, cells.end(), is_number))
      fail(path, kWhat, fmt::format("line {} holds something else than numbers", number));
    if (file.eof()) fail(path, kWhat, fmt::format("line {} does not end (truncated?)", number));
    ++summary.frames;
    if (summary.utterances == 0 || cells[0] != id) {
      ++summary.utterances;  // the rows of an utterance stand together
      id = cells[0];
    }
  }
  return summary;
}

FeatureFileSummary summarize_htk(const fs::path& path) {
  constexpr std::string_view kWhat = "an HTK file of floats";
  std::ifstream file = open_regular(path);
  std::array<unsigned char, 12> header{};
  if (!file.read(reinterpret_cast<char*>(header.data()), header.size()))
    fail(path, kWhat, "shorter than its header");
  const auto number = [&](size_t at, size_t bytes) {
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; ++i) value = value << 8 | header.at(at + i);
    return value;
  };
  const uint64_t rows = number(0, 4);
  const uint64_t row_bytes = number(8, 2);
  const uint64_t expected = header.size() + rows * row_bytes;
  if (row_bytes == 0 || row_bytes % sizeof(float) != 0)
    fail(path, kWhat, fmt::format("rows of {} bytes", row_bytes));
  if (const uint64_t found = fs::file_size(path); found != expected)
    fail(path, kWhat, fmt::format("{} bytes, expected {} for {} rows", found, expected, rows));
  return {.frames = static_cast<int64_t>(rows),
          .channels = static_cast<int64_t>(row_bytes / sizeof(float)),
          .period_seconds = static_cast<double>(number(4, 4)) * 1e-7};
}

}  // namespace wav2vec
