#include "wav2vec/io/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "io/shown.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;

static_assert(std::endian::native == std::endian::little, "safetensors data is little-endian");

constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // as in the reference implementation
constexpr size_t kMaxTensors = 100'000;
constexpr size_t kMaxMetadata = 100'000;
constexpr size_t kMaxNameBytes = 4096;
constexpr size_t kMaxRank = 32;
constexpr size_t kDataAlignment = 64;
constexpr std::string_view kMetadataName = "__metadata__";

struct Dtype {
  std::string_view name;
  uint64_t bytes;
};
constexpr Dtype kDtypes[] = {{"F64", 8},  {"I64", 8}, {"U64", 8},  {"F32", 4},     {"I32", 4},
                             {"U32", 4},  {"F16", 2}, {"BF16", 2}, {"I16", 2},     {"U16", 2},
                             {"BOOL", 1}, {"I8", 1},  {"U8", 1},   {"F8_E4M3", 1}, {"F8_E5M2", 1}};

const Dtype* find_dtype(std::string_view name) {
  const auto* found = std::find_if(std::begin(kDtypes), std::end(kDtypes),
                                   [&](const Dtype& dtype) { return dtype.name == name; });
  return found == std::end(kDtypes) ? nullptr : found;
}

// ---- header -----------------------------------------------------------------------------------------

/// What the header says, before it is held against the file.
struct Header {
  std::vector<TensorEntry> tensors;
  std::map<std::string, std::string> metadata;
};

/// Takes exactly the header's grammar and nothing else, without recursion and without building a tree.
/// nlohmann's tree would silently keep the last of two equal keys.
class HeaderReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  Header header;
  std::string problem;

  bool null() override { return refuse("null"); }
  bool boolean(bool) override { return refuse("true or false"); }
  bool number_integer(number_integer_t) override { return refuse("a negative number"); }
  bool number_float(number_float_t, const string_t&) override {
    return refuse("a number that is no integer");
  }
  bool binary(binary_t&) override { return refuse("binary data"); }

  bool number_unsigned(number_unsigned_t value) override {
    if (place_ == Place::shape_items) {
      if (tensor_.shape.size() == kMaxRank) return fail(fmt::format("more than {} dimensions", kMaxRank));
      if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
        return fail(fmt::format("dimension {} is too large", value));
      tensor_.shape.push_back(static_cast<int64_t>(value));
      return true;
    }
    if (place_ == Place::offset_items) {
      if (offset_count_ == 2) return fail("data_offsets has more than two values");
      offsets_[offset_count_++] = value;
      return true;
    }
    return refuse("a number");
  }

  bool string(string_t& value) override {
    if (place_ == Place::dtype) {
      if (find_dtype(value) == nullptr) return fail(fmt::format("unknown dtype \"{}\"", shown(value)));
      tensor_.dtype = value;
      place_ = Place::tensor;
      return true;
    }
    if (place_ == Place::metadata_value) {
      header.metadata[key_] = value;
      place_ = Place::metadata;
      return true;
    }
    return refuse("a string");
  }

  bool start_object(std::size_t) override {
    if (place_ == Place::start) {
      place_ = Place::top;
      return true;
    }
    if (place_ != Place::top_value) return refuse("an object");
    if (key_ == kMetadataName) {
      place_ = Place::metadata;
      return true;
    }
    tensor_ = {};
    tensor_.name = key_;
    fields_.clear();
    place_ = Place::tensor;
    return true;
  }

  bool key(string_t& value) override {
    if (value.size() > kMaxNameBytes) return fail(fmt::format("a name of {} bytes", value.size()));
    key_ = value;
    switch (place_) {
      case Place::top:
        if (!names_.insert(value).second) return fail(fmt::format("\"{}\" occurs twice", shown(value)));
        place_ = Place::top_value;
        return true;
      case Place::metadata:
        if (header.metadata.contains(value))
          return fail(fmt::format("metadata \"{}\" occurs twice", shown(value)));
        if (header.metadata.size() == kMaxMetadata)
          return fail(fmt::format("more than {} keys of metadata", kMaxMetadata));
        place_ = Place::metadata_value;
        return true;
      default:
        return tensor_key(value);
    }
  }

  bool end_object() override {
    if (place_ == Place::tensor) return end_tensor();
    place_ = place_ == Place::metadata ? Place::top : Place::end;
    return true;
  }

  bool start_array(std::size_t) override {
    if (place_ == Place::shape) {
      place_ = Place::shape_items;
    } else if (place_ == Place::offsets) {
      place_ = Place::offset_items;
      offset_count_ = 0;
    } else {
      return refuse("an array");
    }
    return true;
  }

  bool end_array() override {
    if (place_ == Place::offset_items && offset_count_ != 2) return fail("data_offsets has not two values");
    place_ = Place::tensor;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    problem = fmt::format("header is no valid JSON near byte {}", 8 + position);
    return false;
  }

 private:
  enum class Place {
    start,
    top,
    top_value,
    metadata,
    metadata_value,
    tensor,
    dtype,
    shape,
    shape_items,
    offsets,
    offset_items,
    end,
  };

  bool fail(const std::string& what) {
    problem = tensor_.name.empty() ? what : fmt::format("tensor \"{}\": {}", shown(tensor_.name), what);
    return false;
  }

  bool refuse(std::string_view found) {
    return fail(fmt::format("unexpected {} in the header{}", found,
                            key_.empty() ? "" : fmt::format(" at \"{}\"", shown(key_))));
  }

  bool tensor_key(const std::string& name) {
    if (!fields_.insert(name).second) return fail(fmt::format("\"{}\" occurs twice", shown(name)));
    if (name == "dtype") {
      place_ = Place::dtype;
    } else if (name == "shape") {
      place_ = Place::shape;
    } else if (name == "data_offsets") {
      place_ = Place::offsets;
    } else {
      return fail(fmt::format("unknown field \"{}\"", shown(name)));
    }
    return true;
  }

  bool end_tensor() {
    if (fields_.size() != 3) return fail("dtype, shape and data_offsets are needed");
    if (offsets_[1] < offsets_[0])
      return fail(fmt::format("data_offsets end ({}) before they begin ({})", offsets_[1], offsets_[0]));
    if (header.tensors.size() == kMaxTensors) return fail(fmt::format("more than {} tensors", kMaxTensors));
    tensor_.offset = offsets_[0];
    tensor_.bytes = offsets_[1] - offsets_[0];
    header.tensors.push_back(std::move(tensor_));
    tensor_ = {};
    place_ = Place::top;
    return true;
  }

  Place place_ = Place::start;
  std::string key_;
  TensorEntry tensor_;
  std::set<std::string> names_;
  std::set<std::string> fields_;
  std::array<uint64_t, 2> offsets_{};
  size_t offset_count_ = 0;
};

/// Bytes of a tensor by its shape; nothing when they do not fit into 64 bits.
std::optional<uint64_t> bytes_by_shape(const TensorEntry& tensor) {
  uint64_t bytes = find_dtype(tensor.dtype)->bytes;
  for (int64_t dimension : tensor.shape) {
    if (__builtin_mul_overflow(bytes, static_cast<uint64_t>(dimension), &bytes)) return std::nullopt;
  }
  return bytes;
}

/// Sorts by place and checks that sizes are right and ranges touch. Returns the problem, or nothing.
std::string check_layout(std::vector<TensorEntry>& tensors, uint64_t data_bytes) {
  std::stable_sort(tensors.begin(), tensors.end(), [](const TensorEntry& a, const TensorEntry& b) {
    return std::pair(a.offset, a.bytes) < std::pair(b.offset, b.bytes);
  });
  uint64_t end = 0;
  for (const TensorEntry& tensor : tensors) {
    const std::string name = shown(tensor.name);
    if (tensor.offset != end)
      return fmt::format("tensor \"{}\" begins at byte {} of the data, expected {}: {}", name, tensor.offset,
                         end, tensor.offset < end ? "tensors overlap" : "there is a hole");
    const std::optional<uint64_t> bytes = bytes_by_shape(tensor);
    if (!bytes || *bytes != tensor.bytes)
      return fmt::format("tensor \"{}\" of {} [{}] has {} bytes, expected {}", name, tensor.dtype,
                         fmt::join(tensor.shape, ", "), tensor.bytes,
                         bytes ? fmt::to_string(*bytes) : "more than 2^64");
    if (tensor.bytes > data_bytes - end)
      return fmt::format("tensor \"{}\" ends {} bytes behind the end of the file (truncated?)", name,
                         tensor.bytes - (data_bytes - end));
    end += tensor.bytes;
  }
  if (end != data_bytes) return fmt::format("{} bytes behind the last tensor", data_bytes - end);
  return "";
}

/// Rules that a JSON parser does not enforce. Returns the problem, or nothing.
std::string check_header_text(std::string_view text) {
  if (!text.starts_with('{')) return "the header does not start with '{'";
  // nlohmann takes NUL for the end of its input.
  if (text.find('\0') != std::string_view::npos) return "a NUL byte in the header";
  return "";
}

}  // namespace

int64_t TensorEntry::count() const {
  // Unsigned: a shape such as [2^62, 4, 0] is legitimate and must not overflow on its way to 0.
  uint64_t product = 1;
  for (int64_t dimension : shape) product *= static_cast<uint64_t>(dimension);
  return static_cast<int64_t>(product);
}

// ---- reading ----------------------------------------------------------------------------------------

SafetensorsFile SafetensorsFile::open(const fs::path& path) {
  const std::string name = printable(path.string());
  const auto fail = [&](std::string_view problem) {
    throw FormatError(
        fmt::format("{}: not a usable safetensors file: {}; write it again or take another", name, problem));
  };
  std::error_code error;
  if (!fs::is_regular_file(path, error))
    throw DataError(
        fmt::format("{}: {}; check the path", name, error ? error.message() : "not a regular file"));

  SafetensorsFile file;
  file.path_ = path;
  file.stream_.open(path, std::ios::binary | std::ios::ate);
  if (!file.stream_) throw DataError(fmt::format("{}: cannot open: {}", name, std::strerror(errno)));
  const auto file_bytes = static_cast<uint64_t>(file.stream_.tellg());
  if (file_bytes < 10) fail(fmt::format("{} bytes, at least 10 expected", file_bytes));

  file.stream_.seekg(0);
  uint64_t header_bytes = 0;
  file.stream_.read(reinterpret_cast<char*>(&header_bytes), sizeof header_bytes);
  if (header_bytes > kMaxHeaderBytes)
    fail(fmt::format("a header of {} bytes, at most {} expected", header_bytes, kMaxHeaderBytes));
  if (header_bytes < 2 || header_bytes > file_bytes - 8)
    fail(fmt::format("a header of {} bytes in a file of {}", header_bytes, file_bytes));
  std::string text(header_bytes, '\0');
  file.stream_.read(text.data(), static_cast<std::streamsize>(header_bytes));
  if (!file.stream_) throw DataError(fmt::format("{}: cannot read the header", name));

  if (const std::string problem = check_header_text(text); !problem.empty()) fail(problem);
  HeaderReader reader;
  const bool parsed = nlohmann::json::sax_parse(text, &reader);
  if (!parsed) fail(reader.problem);
  file.data_start_ = 8 + header_bytes;
  if (const std::string problem = check_layout(reader.header.tensors, file_bytes - file.data_start_);
      !problem.empty())
    fail(problem);

  file.tensors_ = std::move(reader.header.tensors);
  file.metadata_ = std::move(reader.header.metadata);
  for (size_t i = 0; i < file.tensors_.size(); ++i) file.index_.emplace(file.tensors_[i].name, i);
  return file;
}

const TensorEntry* SafetensorsFile::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &tensors_[found->second];
}

const TensorEntry& SafetensorsFile::entry_for(std::string_view name, size_t count,
                                              std::span<const std::string_view> dtypes) {
  const TensorEntry* entry = find(name);
  if (entry == nullptr)
    throw DataError(fmt::format("{}: has no tensor \"{}\"", printable(path_.string()), printable(name)));
  if (std::find(dtypes.begin(), dtypes.end(), entry->dtype) == dtypes.end())
    throw DataError(fmt::format("{}: tensor \"{}\" is {}, expected {}", printable(path_.string()),
                                printable(name), entry->dtype, fmt::join(dtypes, ", ")));
  if (static_cast<uint64_t>(entry->count()) != count)
    throw DataError(fmt::format("{}: tensor \"{}\" has shape [{}], expected {} values",
                                printable(path_.string()), printable(name), fmt::join(entry->shape, ", "),
                                count));
  return *entry;
}

void SafetensorsFile::read_at(const TensorEntry& entry, std::span<std::byte> out) {
  W2V_CHECK(out.size() == entry.bytes, "a tensor is read whole");
  stream_.clear();
  stream_.seekg(static_cast<std::streamoff>(data_start_ + entry.offset));
  stream_.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
  if (!stream_)
    throw DataError(fmt::format("{}: cannot read tensor \"{}\": the file has changed or the disk fails",
                                printable(path_.string()), printable(entry.name)));
}

void SafetensorsFile::read_f32(std::string_view name, std::span<float> out) {
  static constexpr std::string_view kAccepted[] = {"F32", "F16", "BF16"};
  const TensorEntry& entry = entry_for(name, out.size(), kAccepted);
  if (entry.dtype == "F32") return read_at(entry, std::as_writable_bytes(out));
  std::vector<uint16_t> narrow(out.size());
  read_at(entry, std::as_writable_bytes(std::span(narrow)));
  std::transform(narrow.begin(), narrow.end(), out.begin(),
                 entry.dtype == "F16" ? half_to_float : bfloat16_to_float);
}

void SafetensorsFile::read(std::string_view name, std::span<double> out) {
  static constexpr std::string_view kAccepted[] = {"F64"};
  read_at(entry_for(name, out.size(), kAccepted), std::as_writable_bytes(out));
}

void SafetensorsFile::read(std::string_view name, std::span<int64_t> out) {
  static constexpr std::string_view kAccepted[] = {"I64"};
  read_at(entry_for(name, out.size(), kAccepted), std::as_writable_bytes(out));
}

void SafetensorsFile::read(std::string_view name, std::span<uint64_t> out) {
  static constexpr std::string_view kAccepted[] = {"U64"};
  read_at(entry_for(name, out.size(), kAccepted), std::as_writable_bytes(out));
}

void SafetensorsFile::read_bytes(std::string_view name, std::span<std::byte> out) {
  const TensorEntry* entry = find(name);
  if (entry == nullptr)
    throw DataError(fmt::format("{}: has no tensor \"{}\"", printable(path_.string()), printable(name)));
  read_at(*entry, out);
}

// ---- writing ----------------------------------------------------------------------------------------

TensorToWrite::TensorToWrite(std::string n, std::vector<int64_t> s, std::span<const float> data)
    : name(std::move(n)), shape(std::move(s)), dtype("F32"), bytes(std::as_bytes(data)) {}
TensorToWrite::TensorToWrite(std::string n, std::vector<int64_t> s, std::span<const double> data)
    : name(std::move(n)), shape(std::move(s)), dtype("F64"), bytes(std::as_bytes(data)) {}
TensorToWrite::TensorToWrite(std::string n, std::vector<int64_t> s, std::span<const int64_t> data)
    : name(std::move(n)), shape(std::move(s)), dtype("I64"), bytes(std::as_bytes(data)) {}
TensorToWrite::TensorToWrite(std::string n, std::vector<int64_t> s, std::span<const uint64_t> data)
    : name(std::move(n)), shape(std::move(s)), dtype("U64"), bytes(std::as_bytes(data)) {}

TensorToWrite TensorToWrite::half(std::string n, std::vector<int64_t> s, std::span<const uint16_t> bits) {
  TensorToWrite tensor;
  tensor.name = std::move(n);
  tensor.shape = std::move(s);
  tensor.dtype = "F16";
  tensor.bytes = std::as_bytes(bits);
  return tensor;
}

namespace {

std::vector<const TensorToWrite*> in_file_order(std::span<const TensorToWrite> tensors) {
  std::vector<const TensorToWrite*> order;
  std::set<std::string_view> names;
  for (const TensorToWrite& tensor : tensors) {
    const TensorEntry entry{tensor.name, std::string(tensor.dtype), tensor.shape, 0, tensor.bytes.size()};
    W2V_CHECK(bytes_by_shape(entry) == tensor.bytes.size(), "data of " + tensor.name + " has another size");
    W2V_CHECK(is_valid_utf8(tensor.name) && tensor.name.size() <= kMaxNameBytes, "a tensor name is text");
    W2V_CHECK(tensor.name != kMetadataName && names.insert(tensor.name).second,
              "tensor name " + tensor.name + " is taken");
    order.push_back(&tensor);
  }
  std::sort(order.begin(), order.end(), [](const TensorToWrite* a, const TensorToWrite* b) {
    const uint64_t a_width = find_dtype(a->dtype)->bytes;
    const uint64_t b_width = find_dtype(b->dtype)->bytes;
    return a_width != b_width ? a_width > b_width : a->name < b->name;
  });
  return order;
}

/// Length and text of the header; `tensors` in the order of their data.
std::string preamble(std::span<const TensorEntry> tensors,
                     const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header[std::string(kMetadataName)] = metadata;
  uint64_t offset = 0;
  for (const TensorEntry& tensor : tensors) {
    header[tensor.name] = {
        {"dtype", tensor.dtype}, {"shape", tensor.shape}, {"data_offsets", {offset, offset + tensor.bytes}}};
    offset += tensor.bytes;
  }
  std::string text = header.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  text.append((kDataAlignment - (8 + text.size()) % kDataAlignment) % kDataAlignment, ' ');
  W2V_CHECK(text.size() <= kMaxHeaderBytes, "the safetensors header is too long");
  const uint64_t bytes = text.size();
  return std::string(reinterpret_cast<const char*>(&bytes), sizeof bytes) + text;
}

}  // namespace

std::string safetensors_preamble(const std::string& name, const std::vector<int64_t>& shape,
                                 const std::map<std::string, std::string>& metadata) {
  TensorEntry tensor{name, "F32", shape, 0, 0};
  const std::optional<uint64_t> bytes = bytes_by_shape(tensor);
  W2V_CHECK(bytes.has_value(), "a tensor beyond 2^64 bytes");
  tensor.bytes = *bytes;
  return preamble(std::span(&tensor, 1), metadata);
}

void write_safetensors(const fs::path& path, std::span<const TensorToWrite> tensors,
                       const std::map<std::string, std::string>& metadata) {
  const std::vector<const TensorToWrite*> order = in_file_order(tensors);
  std::vector<TensorEntry> entries;
  for (const TensorToWrite* tensor : order)
    entries.push_back({tensor->name, std::string(tensor->dtype), tensor->shape, 0, tensor->bytes.size()});
  AtomicFile file(path);
  file.write(preamble(entries, metadata));
  for (const TensorToWrite* tensor : order) file.write(tensor->bytes.data(), tensor->bytes.size());
  file.commit();
}

// ---- narrow floats ----------------------------------------------------------------------------------

float half_to_float(uint16_t bits) {
  const uint32_t sign = (bits & 0x8000U) << 16;
  const uint32_t exponent = (bits >> 10) & 0x1FU;
  const uint32_t fraction = bits & 0x3FFU;
  if (exponent == 0x1F) return std::bit_cast<float>(sign | 0x7F800000U | (fraction << 13));
  if (exponent == 0) {
    const float magnitude = std::ldexp(static_cast<float>(fraction), -24);
    return sign != 0 ? -magnitude : magnitude;
  }
  return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (fraction << 13));
}

uint16_t float_to_half(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>((bits >> 16) & 0x8000U);
  const float magnitude = std::fabs(value);
  if (std::isnan(value)) return sign | 0x7E00U;
  if (magnitude >= 65520.0F) return sign | 0x7C00U;
  // Below 2^-14 halves are multiples of 2^-24, and so is what is added up here.
  if (magnitude < 0x1p-14F) return sign | static_cast<uint16_t>(std::nearbyint(magnitude * 0x1p24F));
  const uint32_t rounded = (bits & 0x7FFFFFFFU) + 0xFFFU + ((bits >> 13) & 1U);
  return sign | static_cast<uint16_t>((rounded >> 13) - (112U << 10));
}

float bfloat16_to_float(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

}  // namespace wav2vec
