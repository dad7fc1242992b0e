#include "wav2vec/io/ark.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <fstream>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/text_lines.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;

static_assert(std::endian::native == std::endian::little, "the archives are little-endian");

constexpr size_t kMaxKeyBytes = 4096;
constexpr size_t kMaxNumberBytes = 64;
constexpr int kMaxBlanks = 16;
constexpr uint64_t kColumnQuantileBytes = 8;  // four of 16 bits
constexpr uint64_t kMaxIndexBytes = uint64_t{1} << 32;

struct MatrixHeader {
  std::string kind;
  int64_t rows = 0;
  int64_t columns = 0;
};

/// The file ends too early.
class CutOff : public FormatError {
 public:
  using FormatError::FormatError;
};

/// Bytes of one value; 0 for what is no matrix.
uint64_t width_of(std::string_view kind) {
  if (kind == "FM") return sizeof(float);
  if (kind == "DM") return sizeof(double);
  if (kind == "CM2") return sizeof(uint16_t);
  return kind == "CM" || kind == "CM3" ? sizeof(uint8_t) : 0;
}

/// One archive, read forward by header; every step is checked against the size of the file.
class ArkFile {
 public:
  explicit ArkFile(fs::path path) : path_(std::move(path)) {
    std::error_code error;
    if (!fs::is_regular_file(path_, error))
      throw DataError(fmt::format("{}: missing or not a file; check the path", printable(path_.string())));
    size_ = fs::file_size(path_, error);
    stream_.open(path_, std::ios::binary);
    if (error || !stream_)
      throw DataError(fmt::format("{}: cannot open; check the path", printable(path_.string())));
  }

  bool at_end() const { return at_ == size_; }
  uint64_t place() const { return at_; }

  /// The key in front of an object.
  std::string read_key() {
    std::string key;
    for (char c = take(); c != ' '; c = take()) {
      if (key.size() == kMaxKeyBytes || c == '\0' || c == '\n') fail("expected a key and a space");
      key += c;
    }
    if (key.empty()) fail("expected a key, found a space");
    return key;
  }

  MatrixHeader read_header(uint64_t offset) {
    if (offset >= size_) fail(fmt::format("offset {} is behind the end ({} bytes)", offset, size_));
    seek(offset);
    return read_header();
  }

  /// Leaves the place behind the matrix.
  MatrixHeader read_header() {
    const char first = take();
    if (first != '\0') return read_text(first);
    if (take() != 'B') fail("expected a binary or text matrix");
    MatrixHeader matrix;
    for (char c = take(); c != ' '; c = take()) {
      if (matrix.kind.size() == 3) fail("expected a matrix FM, DM, CM, CM2 or CM3");
      matrix.kind += c;
    }
    const uint64_t width = width_of(matrix.kind);
    if (width == 0)
      fail(fmt::format("\"{}\" is no matrix; expected FM, DM, CM, CM2 or CM3", printable(matrix.kind)));
    const bool compressed = matrix.kind.starts_with('C');
    if (compressed) skip(2, sizeof(float));  // least value and range
    matrix.rows = compressed ? take_count() : take_sized_count();
    matrix.columns = compressed ? take_count() : take_sized_count();
    if (matrix.kind == "CM") skip(static_cast<uint64_t>(matrix.columns), kColumnQuantileBytes);
    skip(static_cast<uint64_t>(matrix.rows) * static_cast<uint64_t>(matrix.columns), width);
    return matrix;
  }

 private:
  template <class Exception = FormatError>
  [[noreturn]] void fail(const std::string& problem) const {
    throw Exception(
        fmt::format("{}: byte {}: {}; write the file again", printable(path_.string()), at_, problem));
  }

  void read(void* out, size_t bytes) {
    if (bytes > size_ - at_) fail<CutOff>("the file ends too early");
    if (!stream_.read(static_cast<char*>(out), static_cast<std::streamsize>(bytes))) fail("cannot read");
    at_ += bytes;
  }

  /// " [\n 1 2\n 3 4 ]\n"
  MatrixHeader read_text(char c) {
    // An index may name any place in a row of blanks, and each is looked at.
    for (int blanks = 0; c == ' ' || c == '\t'; c = take())
      if (++blanks > kMaxBlanks) fail("expected a matrix");
    if (c != '[') fail("expected a binary or text matrix");
    MatrixHeader matrix{.kind = "text"};
    int64_t columns = 0;
    std::string word;
    do {
      c = take();
      if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ']') {
        columns += end_word(word);
      } else {
        if (word.size() == kMaxNumberBytes) fail("expected a number");
        word += c;
      }
      if ((c != '\n' && c != ']') || columns == 0) continue;
      if (matrix.rows++ != 0 && columns != matrix.columns)
        fail(fmt::format("a row of {} values, expected {}", columns, matrix.columns));
      matrix.columns = std::exchange(columns, 0);
    } while (c != ']');
    do c = take();
    while (c == ' ' || c == '\r');
    if (c != '\n') fail("expected the end of the line behind a matrix");
    return matrix;
  }

  /// How many values the word is: none or one.
  int64_t end_word(std::string& word) const {
    if (word.empty()) return 0;
    double value = 0.0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (end != word.data() + word.size() || error == std::errc::invalid_argument) fail("expected a number");
    word.clear();
    return 1;
  }

  char take() {
    char c = 0;
    read(&c, 1);
    return c;
  }

  int64_t take_count() {
    int32_t value = 0;
    read(&value, sizeof value);
    if (value < 0) fail(fmt::format("a count of {}", value));
    return value;
  }

  int64_t take_sized_count() {
    if (take() != sizeof(int32_t)) fail("expected a count of 4 bytes");
    return take_count();
  }

  void skip(uint64_t count, uint64_t width) {
    if (count > (size_ - at_) / width)
      fail<CutOff>(
          fmt::format("{} values of {} bytes do not fit into the {} bytes left", count, width, size_ - at_));
    seek(at_ + count * width);
  }

  void seek(uint64_t offset) {
    if (!stream_.seekg(static_cast<std::streamoff>(offset))) fail("cannot seek");
    at_ = offset;
  }

  fs::path path_;
  std::ifstream stream_;
  uint64_t size_ = 0;
  uint64_t at_ = 0;
};

void add(ArkSummary& summary, const MatrixHeader& matrix) {
  const bool first = summary.utterances++ == 0;
  summary.frames += matrix.rows;
  if (first) summary.channels = matrix.columns;
  if (first) summary.kind = matrix.kind;
  if (summary.channels != matrix.columns) summary.channels = -1;
  if (summary.kind != matrix.kind) summary.kind = "mixed";
}

struct IndexLine {
  fs::path archive;
  uint64_t offset = 0;
};

/// Throws what is wrong with the line, without the place.
IndexLine parse_index_line(std::string_view line) {
  const size_t space = line.find_first_of(" \t");
  if (space == 0 || space == std::string_view::npos)
    throw FormatError("expected a key and \"archive:offset\"");
  std::string_view target = line.substr(space);
  target.remove_prefix(std::min(target.find_first_not_of(" \t"), target.size()));
  if (target.ends_with('|')) throw FormatError("a command, which is never run");
  const size_t colon = target.rfind(':');
  if (colon == 0 || colon == std::string_view::npos)
    throw FormatError("expected \"archive:offset\"; an index of audio belongs into a Kaldi data folder");
  IndexLine parsed{.archive = fs::path(target.substr(0, colon))};
  const std::string_view digits = target.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), parsed.offset);
  if (error != std::errc() || end != digits.data() + digits.size())
    throw FormatError(fmt::format("\"{}\" is no offset", printable(digits.substr(0, 40))));
  return parsed;
}

}  // namespace

ArkSummary summarize_ark(const fs::path& path) {
  ArkFile file(path);
  if (file.at_end())
    throw FormatError(fmt::format("{}: empty; write the file again", printable(path.string())));
  ArkSummary summary;
  while (!file.at_end()) {
    file.read_key();
    add(summary, file.read_header());
  }
  return summary;
}

ArkEntries read_ark_entries(const fs::path& path) {
  ArkFile file(path);
  ArkEntries found;
  try {
    while (!file.at_end()) {
      ArkEntry entry{.key = file.read_key(), .offset = file.place(), .kind = {}};
      const MatrixHeader matrix = file.read_header();
      entry.kind = matrix.kind;
      entry.rows = matrix.rows;
      found.entries.push_back(std::move(entry));
      found.bytes = file.place();
    }
  } catch (const CutOff&) {
    found.cut_off = true;
  }
  return found;
}

ArkSummary summarize_scp(const fs::path& path) {
  TextLines lines(path.string(), kMaxIndexBytes);
  fs::path opened;
  std::optional<ArkFile> archive;
  // Reading one again would take its whole length.
  std::map<std::pair<fs::path, uint64_t>, MatrixHeader> texts;
  const auto header_of = [&](const IndexLine& line) {
    if (!archive || opened != line.archive) {
      std::error_code ignored;
      const bool here = line.archive.is_absolute() || fs::exists(line.archive, ignored);
      archive.emplace(here ? line.archive : path.parent_path() / line.archive);
      opened = line.archive;
    }
    if (const auto known = texts.find({line.archive, line.offset}); known != texts.end())
      return known->second;
    const MatrixHeader header = archive->read_header(line.offset);
    if (header.kind == "text") texts.emplace(std::pair(line.archive, line.offset), header);
    return header;
  };
  ArkSummary summary;
  for (std::string_view line; lines.next(line);) {
    try {
      add(summary, header_of(parse_index_line(line)));
    } catch (const DataError& error) {
      throw FormatError(fmt::format("{}:{}: {}", printable(path.string()), lines.number(), error.what()));
    }
  }
  if (summary.utterances == 0)
    throw FormatError(fmt::format("{}: no lines; write the file again", printable(path.string())));
  return summary;
}

}  // namespace wav2vec
