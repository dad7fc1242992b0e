#pragma once
// The safetensors file format (huggingface/safetensors, docs "Format"): 8 bytes little-endian header length,
// a JSON header {"name": {"dtype", "shape", "data_offsets"}, …, "__metadata__": {…}}, then the data.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wav2vec {

/// One tensor of a file.
struct TensorEntry {
  std::string name;
  std::string dtype;  ///< "F32", "F16", "BF16", "F64", "I64", "U64" … as the format spells it
  std::vector<int64_t> shape;
  uint64_t offset = 0;  ///< bytes, from the start of the data
  uint64_t bytes = 0;

  /// Product of the shape; 1 for a scalar.
  int64_t count() const;
};

/// An open file whose header has been proved right: ranges follow each other without hole or overlap up to
/// the end of the file, every size equals shape × dtype, no name occurs twice. The data itself is not
/// checked; checkpoints have checksums for that (io/checkpoint.h).
class SafetensorsFile {
 public:
  /// Throws DataError when the file cannot be read, FormatError naming the tensor and the broken rule.
  static SafetensorsFile open(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  /// In the order of their data.
  const std::vector<TensorEntry>& tensors() const { return tensors_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  /// nullptr when there is none of that name.
  const TensorEntry* find(std::string_view name) const;

  /// Reads an F32, F16 or BF16 tensor as f32. Throws DataError when the tensor is missing, has another dtype
  /// or another number of values than `out`.
  void read_f32(std::string_view name, std::span<float> out);
  /// The same for exactly one dtype, without conversion: F64, I64, U64.
  void read(std::string_view name, std::span<double> out);
  void read(std::string_view name, std::span<int64_t> out);
  void read(std::string_view name, std::span<uint64_t> out);
  /// The bytes as they stand in the file; `out` has the entry's size.
  void read_bytes(std::string_view name, std::span<std::byte> out);

 private:
  SafetensorsFile() = default;
  const TensorEntry& entry_for(std::string_view name, size_t count, std::span<const std::string_view> dtypes);
  void read_at(const TensorEntry& entry, std::span<std::byte> out);

  std::filesystem::path path_;
  std::ifstream stream_;
  uint64_t data_start_ = 0;
  std::vector<TensorEntry> tensors_;
  std::map<std::string, size_t, std::less<>> index_;
  std::map<std::string, std::string> metadata_;
};

/// A tensor to write; the span must stay valid until write_safetensors returns.
struct TensorToWrite {
  TensorToWrite(std::string name, std::vector<int64_t> shape, std::span<const float> data);
  TensorToWrite(std::string name, std::vector<int64_t> shape, std::span<const double> data);
  TensorToWrite(std::string name, std::vector<int64_t> shape, std::span<const int64_t> data);
  TensorToWrite(std::string name, std::vector<int64_t> shape, std::span<const uint64_t> data);
  /// F16, as float_to_half gives its bits.
  static TensorToWrite half(std::string name, std::vector<int64_t> shape, std::span<const uint16_t> bits);

  std::string name;
  std::vector<int64_t> shape;
  std::string_view dtype;
  std::span<const std::byte> bytes;

 private:
  TensorToWrite() = default;
};

/// Writes the file whole or not at all. The bytes depend on nothing but the arguments: wider dtypes first,
/// then by name (as the reference implementation orders them); the data starts at a multiple of 64. Metadata
/// bytes that are not UTF-8 become U+FFFD, for JSON cannot hold them. Throws DiskError.
void write_safetensors(const std::filesystem::path& path, std::span<const TensorToWrite> tensors,
                       const std::map<std::string, std::string>& metadata);

/// What stands before the data of a file with one F32 tensor, for data that is written piece by piece.
std::string safetensors_preamble(const std::string& name, const std::vector<int64_t>& shape,
                                 const std::map<std::string, std::string>& metadata);

/// IEEE 754 half precision to single; exact.
float half_to_float(uint16_t bits);
/// Single to half precision, to the nearest, ties to even; infinite from 65520.
uint16_t float_to_half(float value);
/// bfloat16 to single; exact.
float bfloat16_to_float(uint16_t bits);

}  // namespace wav2vec
