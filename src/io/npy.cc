#include "wav2vec/io/npy.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>

#include "io/npy_header.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;

static_assert(std::endian::native == std::endian::little, "the arrays are little-endian");

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr uint64_t kMaxFileBytes = uint64_t{1} << 36;
constexpr size_t kMaxHeaderBytes = 65536;
constexpr size_t kMaxPreambleBytes = 12;
constexpr size_t kMaxRank = 32;
constexpr size_t kDataAlignment = 64;

/// Bytes of one value; 0 for a dtype that is not read.
uint64_t width_of(std::string_view dtype) {
  if (dtype == "<i2") return 2;
  if (dtype == "<f4" || dtype == "<i4") return 4;
  if (dtype == "<f8" || dtype == "<i8") return 8;
  return 0;
}

/// At most `bytes`; what follows is not touched, however large the file says it is. Throws DataError.
std::string read_beginning(const fs::path& path, size_t bytes) {
  InputFile file(path);
  std::string text(bytes, '\0');
  size_t done = 0;
  for (size_t n = 1; n > 0 && done < bytes; done += n) n = file.read(text.data() + done, bytes - done);
  text.resize(done);
  return text;
}

/// Reads the header's Python dictionary; only the forms that NumPy writes.
class HeaderParser {
 public:
  explicit HeaderParser(std::string_view text) : text_(text) {}

  std::optional<std::string> dtype;
  std::optional<bool> fortran_order;
  std::optional<std::vector<int64_t>> shape;

  /// False when the text is something else.
  bool parse() {
    if (!take('{')) return false;
    while (!take('}')) {
      const auto key = quoted_text();
      if (!key || !take(':') || !value_of(*key)) return false;
      if (!take(',') && !next_is('}')) return false;
    }
    skip_space();
    return text_.empty() && dtype && fortran_order && shape;
  }

 private:
  void skip_space() { text_.remove_prefix(std::min(text_.find_first_not_of(" \n"), text_.size())); }
  bool next_is(char c) {
    skip_space();
    return text_.starts_with(c);
  }
  bool take(char c) {
    if (!next_is(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool take_word(std::string_view word) {
    skip_space();
    if (!text_.starts_with(word)) return false;
    text_.remove_prefix(word.size());
    return true;
  }

  std::optional<std::string> quoted_text() {
    for (const char quote : {'\'', '"'}) {
      if (!take(quote)) continue;
      const size_t end = text_.find(quote);
      if (end == std::string_view::npos) return std::nullopt;
      std::string inner(text_.substr(0, end));
      text_.remove_prefix(end + 1);
      return inner;
    }
    return std::nullopt;
  }

  bool value_of(const std::string& key) {
    if (key == "descr" && !dtype) {
      dtype = quoted_text();
      return dtype.has_value();
    }
    if (key == "fortran_order" && !fortran_order) {
      if (take_word("True")) fortran_order = true;
      if (!fortran_order && take_word("False")) fortran_order = false;
      return fortran_order.has_value();
    }
    return key == "shape" && !shape && tuple();
  }

  bool tuple() {
    if (!take('(')) return false;
    shape.emplace();
    while (!take(')')) {
      skip_space();
      int64_t value = 0;
      const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
      if (error != std::errc() || value < 0 || shape->size() == kMaxRank) return false;
      text_.remove_prefix(static_cast<size_t>(end - text_.data()));
      shape->push_back(value);
      if (!take(',') && !next_is(')')) return false;
    }
    return true;
  }

  std::string_view text_;
};

/// Position and length of the header's text; nothing when the file is too short or of another version.
struct HeaderPlace {
  size_t start = 0;
  size_t bytes = 0;
};

std::optional<HeaderPlace> find_header(std::string_view file) {
  if (!file.starts_with(kMagic) || file.size() < 12) return std::nullopt;
  const auto byte = [&](size_t i) { return static_cast<size_t>(static_cast<unsigned char>(file[i])); };
  const size_t version = byte(6);
  if (version < 1 || version > 3 || byte(7) != 0) return std::nullopt;
  HeaderPlace place{10, byte(8) | byte(9) << 8};
  if (version > 1) place = {12, place.bytes | byte(10) << 16 | byte(11) << 24};
  if (place.bytes > kMaxHeaderBytes || place.bytes > file.size() - place.start) return std::nullopt;
  return place;
}

std::optional<uint64_t> data_bytes(uint64_t width, std::span<const int64_t> shape) {
  uint64_t bytes = width;
  for (const int64_t dimension : shape) {
    if (__builtin_mul_overflow(bytes, static_cast<uint64_t>(dimension), &bytes)) return std::nullopt;
  }
  return bytes;
}

template <class T>
std::vector<T> values_of(const NpyArray& array) {
  std::vector<T> values(array.bytes.size() / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), array.bytes.data(), values.size() * sizeof(T));
  return values;
}

template <class To, class From>
std::vector<To> widened(const std::vector<From>& values) {
  return {values.begin(), values.end()};
}

[[noreturn]] void fail_dtype(const NpyArray& array, std::string_view expected) {
  throw DataError(fmt::format("npy array of {}, expected {}", array.dtype, expected));
}

}  // namespace

int64_t NpyArray::count() const {
  return static_cast<int64_t>(bytes.size() / std::max<uint64_t>(width_of(dtype), 1));
}

std::vector<float> NpyArray::floats() const {
  if (dtype != "<f4") fail_dtype(*this, "<f4");
  return values_of<float>(*this);
}

std::vector<double> NpyArray::doubles() const {
  if (dtype == "<f8") return values_of<double>(*this);
  if (dtype == "<f4") return widened<double>(values_of<float>(*this));
  fail_dtype(*this, "<f8 or <f4");
}

std::vector<int64_t> NpyArray::integers() const {
  if (dtype == "<i8") return values_of<int64_t>(*this);
  if (dtype == "<i4") return widened<int64_t>(values_of<int32_t>(*this));
  if (dtype == "<i2") return widened<int64_t>(values_of<int16_t>(*this));
  fail_dtype(*this, "<i2, <i4 or <i8");
}

NpyHeader parse_npy_header(std::string_view head) {
  const auto place = find_header(head);
  if (!place) throw FormatError("expected the header of version 1.0, 2.0 or 3.0");
  HeaderParser header(head.substr(place->start, place->bytes));
  if (!header.parse()) throw FormatError("the header is no dictionary of descr, fortran_order and shape");
  return {*header.dtype, *header.fortran_order, *header.shape, place->start + place->bytes};
}

NpyHeader parse_npy_header(std::string_view head, uint64_t file_bytes) {
  NpyHeader header = parse_npy_header(head);
  const uint64_t width = width_of(header.dtype);
  if (width == 0)
    throw FormatError(
        fmt::format("dtype '{}', expected <f4, <f8, <i2, <i4 or <i8", printable(header.dtype.substr(0, 40))));
  if (header.fortran_order && header.shape.size() > 1) throw FormatError("Fortran order, expected C order");
  const auto expected = data_bytes(width, header.shape);
  const uint64_t found = file_bytes - header.data_offset;
  if (!expected || *expected != found)
    throw FormatError(fmt::format("{} bytes of data, expected {} for shape ({})", found,
                                  expected ? fmt::to_string(*expected) : "more than 2^64",
                                  fmt::join(header.shape, ", ")));
  return header;
}

NpyArray read_npy(const fs::path& path) {
  std::string file = read_beginning(path, kMaxPreambleBytes + kMaxHeaderBytes);
  std::error_code unknown;
  const uint64_t size = std::max<uint64_t>(fs::file_size(path, unknown), file.size());
  try {
    NpyHeader header = parse_npy_header(file, size);
    file = read_file(path, kMaxFileBytes);
    if (file.size() != size) throw FormatError("it changes while it is read");
    file.erase(0, header.data_offset);
    return {std::move(header.dtype), std::move(header.shape), std::move(file)};
  } catch (const FormatError& error) {
    throw FormatError(fmt::format("{}: not a usable npy file: {}", printable(path.string()), error.what()));
  }
}

std::string npy_header(std::string_view dtype, std::span<const int64_t> shape) {
  std::string text = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}", dtype,
                                 fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
  constexpr size_t kPreamble = 10;
  text.append((kDataAlignment - (kPreamble + text.size() + 1) % kDataAlignment) % kDataAlignment, ' ');
  text += '\n';
  const auto bytes = static_cast<uint16_t>(text.size());
  const char rest[] = {1, 0, static_cast<char>(bytes & 0xFF), static_cast<char>(bytes >> 8)};
  return std::string(kMagic).append(rest, sizeof rest) + text;
}

void write_npy(const fs::path& path, std::span<const float> data, std::span<const int64_t> shape) {
  W2V_CHECK(data_bytes(sizeof(float), shape) == data.size_bytes(), "the shape does not fit the data");
  AtomicFile file(path);
  file.write(npy_header("<f4", shape));
  file.write(data.data(), data.size_bytes());
  file.commit();
}

}  // namespace wav2vec
