#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>

namespace wav2vec {

/// A file of which ranges are read, none of them behind its end. Not thread-safe.
class RandomAccessFile {
 public:
  /// Throws DataError when it is no regular file or cannot be opened.
  static RandomAccessFile open(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  uint64_t size() const { return size_; }

  /// Fills `out` from byte `offset`. Throws FormatError when the range is not within the file, DataError when
  /// the disk fails.
  void read(uint64_t offset, std::span<std::byte> out);

 private:
  RandomAccessFile() = default;

  std::filesystem::path path_;
  std::ifstream stream_;
  uint64_t size_ = 0;
};

}  // namespace wav2vec
