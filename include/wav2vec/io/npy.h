#pragma once
// NumPy's .npy files (numpy.lib.format, versions 1.0 to 3.0).

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wav2vec {

/// An array in C order.
struct NpyArray {
  std::string dtype;  ///< "<f4", "<f8", "<i2", "<i4" or "<i8"
  std::vector<int64_t> shape;
  std::string bytes;

  int64_t count() const;
  /// The values of a "<f4" array; throws DataError for another dtype.
  std::vector<float> floats() const;
  /// The values of a "<f8" or "<f4" array.
  std::vector<double> doubles() const;
  /// The values of an array of integers of any width.
  std::vector<int64_t> integers() const;
};

/// Throws DataError when the file cannot be read, FormatError when it is not one of the dtypes above in C
/// order (Python objects are never read) or when its size is not what its header says.
NpyArray read_npy(const std::filesystem::path& path);

/// What stands before the data of a file of version 1.0 in C order; its size is a multiple of 64.
std::string npy_header(std::string_view dtype, std::span<const int64_t> shape);

/// Version 1.0, "<f4", C order, whole or not at all; the data starts at a multiple of 64. `data` holds the
/// product of `shape` values. Throws DiskError.
void write_npy(const std::filesystem::path& path, std::span<const float> data,
               std::span<const int64_t> shape);

}  // namespace wav2vec
