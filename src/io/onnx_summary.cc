// Reads the wire format itself (protobuf.dev/programming-guides/encoding) and makes no messages: two bytes of
// a file can be an empty message of two hundred bytes in memory.

#include "wav2vec/io/onnx_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "io/shown.h"
#include "wav2vec/core/error.h"
#include "wav2vec/io/random_access_file.h"

namespace wav2vec {
namespace {

constexpr uint64_t kMostBytes = uint64_t{1} << 31;  // of a protocol buffer
constexpr uint64_t kMostTextBytes = 1 << 20;
constexpr uint64_t kMostTextsBytes = 128 << 20;  // of all
constexpr size_t kMostValues = 10'000;           // inputs, outputs, extents, keys of metadata
constexpr size_t kMostParameters = 1'000'000;

/// A message, or a text, as a range of the file.
struct Range {
  uint64_t begin = 0;
  uint64_t end = 0;

  uint64_t size() const { return end - begin; }
};

struct Field {
  uint64_t number = 0;
  bool has_bytes = false;  // else `value` counts
  uint64_t value = 0;
  Range bytes = {};
};

/// The bytes of the file, a block at a time.
class Blocks {
 public:
  explicit Blocks(RandomAccessFile& file) : file_(file) {}

  uint64_t size() const { return file_.size(); }

  unsigned char at(uint64_t offset) {
    if (offset < first_ || offset - first_ >= block_.size()) {
      block_.resize(std::min<uint64_t>(kBlockBytes, file_.size() - offset));
      first_ = offset;
      file_.read(offset, std::as_writable_bytes(std::span(block_)));
    }
    return block_[offset - first_];
  }

  std::string text(Range range) {
    if (range.size() > kMostTextBytes)
      throw FormatError(fmt::format("a text of {} bytes, at most {} expected", range.size(), kMostTextBytes));
    taken_ += range.size();
    if (taken_ > kMostTextsBytes)
      throw FormatError(fmt::format("more than {} bytes of text", kMostTextsBytes));
    std::string text(range.size(), '\0');
    file_.read(range.begin, std::as_writable_bytes(std::span(text)));
    return text;
  }

 private:
  static constexpr uint64_t kBlockBytes = 1 << 16;
  RandomAccessFile& file_;
  std::vector<unsigned char> block_;
  uint64_t first_ = 0;
  uint64_t taken_ = 0;
};

/// The fields of a message, one after the other.
class Message {
 public:
  Message(Blocks& blocks, Range range) : blocks_(blocks), at_(range.begin), end_(range.end) {}

  bool next(Field& field) {
    if (at_ == end_) return false;
    const uint64_t key = varint();
    field = {.number = key >> 3};
    if (field.number == 0) fail();
    switch (key & 7) {
      case 0:
        field.value = varint();
        break;
      case 1:
        skip(8);
        break;
      case 2: {
        const uint64_t bytes = varint();
        field.has_bytes = true;
        field.bytes.begin = at_;
        skip(bytes);
        field.bytes.end = at_;
        break;
      }
      case 5:
        skip(4);
        break;
      default:  // groups, which ONNX has none of
        fail();
    }
    return true;
  }

 private:
  [[noreturn]] static void fail() { throw FormatError("damaged or truncated"); }

  void skip(uint64_t bytes) {
    if (bytes > end_ - at_) fail();
    at_ += bytes;
  }

  uint64_t varint() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (at_ == end_) fail();
      const uint64_t byte = blocks_.at(at_++);
      value |= (byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    fail();
  }

  Blocks& blocks_;
  uint64_t at_;
  uint64_t end_;
};

/// onnx.proto's messages; the numbers are its fields'.
class OnnxReader {
 public:
  explicit OnnxReader(RandomAccessFile& file) : blocks_(file) {}

  OnnxSummary run() {
    model({0, blocks_.size()});
    if (summary_.ir_version < 1 || !has_opset_ || summary_.outputs.empty())
      throw FormatError("no graph with outputs in it");
    std::erase_if(summary_.inputs, [&](const OnnxValue& input) { return parameters_.contains(input.name); });
    return std::move(summary_);
  }

 private:
  void model(Range range) {
    Field field;
    for (Message message(blocks_, range); message.next(field);) {
      if (field.number == 1 && !field.has_bytes) summary_.ir_version = static_cast<int64_t>(field.value);
      if (!field.has_bytes) continue;
      if (field.number == 2) summary_.producer = blocks_.text(field.bytes);
      if (field.number == 7) graph(field.bytes);
      if (field.number == 8) opset(field.bytes);
      if (field.number == 14) metadata(field.bytes);
    }
  }

  void opset(Range range) {
    std::string domain;
    int64_t version = 0;
    Field field;
    for (Message message(blocks_, range); message.next(field);) {
      if (field.number == 1 && field.has_bytes) domain = blocks_.text(field.bytes);
      if (field.number == 2 && !field.has_bytes) version = static_cast<int64_t>(field.value);
    }
    has_opset_ = true;
    if (domain.empty() || domain == "ai.onnx") summary_.opset = version;
  }

  void metadata(Range range) {
    std::string key;
    std::string value;
    Field field;
    for (Message message(blocks_, range); message.next(field);) {
      if (field.number == 1 && field.has_bytes) key = blocks_.text(field.bytes);
      if (field.number == 2 && field.has_bytes) value = blocks_.text(field.bytes);
    }
    require_room(summary_.metadata.size(), kMostValues, "keys of metadata");
    summary_.metadata[key] = value;
  }

  void graph(Range range) {
    Field field;
    for (Message message(blocks_, range); message.next(field);) {
      if (!field.has_bytes) continue;
      if (field.number == 1) ++summary_.nodes;
      if (field.number == 5) initializer(field.bytes);
      if (field.number == 11) add_value(summary_.inputs, field.bytes);
      if (field.number == 12) add_value(summary_.outputs, field.bytes);
    }
  }

  void initializer(Range range) {
    ++summary_.initializers;
    Field field;
    for (Message message(blocks_, range); message.next(field);) {
      if (field.number != 8 || !field.has_bytes) continue;
      require_room(parameters_.size(), kMostParameters, "parameters");
      parameters_.insert(blocks_.text(field.bytes));
    }
  }

  void add_value(std::vector<OnnxValue>& values, Range range) {
    // A graph lists its parameters among its inputs, if its IR is older than 4.
    require_room(values.size(), &values == &summary_.inputs ? kMostParameters : kMostValues, "values");
    OnnxValue value;
    Field field;
    for (Message message(blocks_, range); message.next(field);) {
      if (field.number == 1 && field.has_bytes) value.name = blocks_.text(field.bytes);
      if (field.number == 2 && field.has_bytes) type(value, field.bytes);
    }
    values.push_back(std::move(value));
  }

  /// TypeProto › Tensor › TensorShapeProto › Dimension.
  void type(OnnxValue& value, Range range) {
    for_each(range, 1, [&](Range tensor) {
      for_each(tensor, 2, [&](Range shape) {
        for_each(shape, 1, [&](Range extent) {
          require_room(extents_++, kMostParameters, "extents");
          value.shape.push_back(extent_in(extent));
        });
      });
    });
  }

  std::string extent_in(Range range) {
    std::string extent = "0";
    Field field;
    for (Message message(blocks_, range); message.next(field);) {
      if (field.number == 1 && !field.has_bytes) extent = std::to_string(static_cast<int64_t>(field.value));
      if (field.number == 2 && field.has_bytes) extent = shown(blocks_.text(field.bytes));
    }
    return extent;
  }

  template <class Use>
  void for_each(Range range, uint64_t number, Use use) {
    Field field;
    for (Message message(blocks_, range); message.next(field);)
      if (field.number == number && field.has_bytes) use(field.bytes);
  }

  static void require_room(size_t count, size_t most, std::string_view what) {
    if (count >= most) throw FormatError(fmt::format("more than {} {}", most, what));
  }

  Blocks blocks_;
  OnnxSummary summary_;
  std::set<std::string, std::less<>> parameters_;
  size_t extents_ = 0;
  bool has_opset_ = false;
};

}  // namespace

OnnxSummary summarize_onnx(const std::filesystem::path& path) {
  RandomAccessFile file = RandomAccessFile::open(path);
  try {
    if (file.size() >= kMostBytes) throw FormatError("2 GiB or more");
    return OnnxReader(file).run();
  } catch (const FormatError& error) {
    throw FormatError(fmt::format("{}: not a usable ONNX file: {}; write it again", printable(path.string()),
                                  error.what()));
  }
}

}  // namespace wav2vec
