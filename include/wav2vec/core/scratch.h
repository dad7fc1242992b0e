#pragma once
// Memory for large arrays that live for a while and are read in pieces: in memory as long as they fit, else
// in files. They have no names, so that they disappear with the process, and are read and written in pieces
// (mapped pages would count as memory of the process). A large array is striped over several files, because a
// file system lets one thread at a time write to a file.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

namespace wav2vec {

struct ScratchLimits {
  uint64_t memory_bytes = uint64_t{640} << 20;  ///< of all arrays together; what does not fit goes to files
  std::filesystem::path folder = {};            ///< of the files; empty: default_scratch_folder()
  uint64_t file_bytes = UINT64_MAX;             ///< of all files together
};

/// $TMPDIR, else the system's folder for temporary files.
std::filesystem::path default_scratch_folder();

class ScratchSpace;

/// [rows, bytes per row]. What was never written is undefined.
class ScratchArray {
 public:
  ScratchArray() = default;
  ScratchArray(ScratchArray&& other) noexcept;
  ScratchArray& operator=(ScratchArray&& other) noexcept;
  ~ScratchArray();

  int64_t rows() const { return rows_; }
  size_t bytes_per_row() const { return bytes_per_row_; }
  /// The whole array where it lies in memory, 64-byte aligned; else null.
  std::byte* memory() const { return memory_; }

  /// Rows [first, first + count). Throws DiskError with the folder and what to do.
  void write(int64_t first, int64_t count, const void* data);
  void read(int64_t first, int64_t count, void* out) const;

 private:
  friend class ScratchSpace;
  uint64_t bytes() const { return static_cast<uint64_t>(rows_) * bytes_per_row_; }

  ScratchSpace* space_ = nullptr;
  int64_t rows_ = 0;
  size_t bytes_per_row_ = 0;
  std::byte* memory_ = nullptr;
  const std::vector<int>* stripes_ = nullptr;  // else open files; block i lies in file i % size
};

/// Hands out arrays and keeps the memory and the files of those that are gone for the next ones: pages that
/// are there already are written several times faster than new ones. Must outlive its arrays; not
/// thread-safe.
class ScratchSpace {
 public:
  explicit ScratchSpace(ScratchLimits limits);
  ~ScratchSpace();
  ScratchSpace(const ScratchSpace&) = delete;
  ScratchSpace& operator=(const ScratchSpace&) = delete;

  /// Throws DiskError where no file can be made or `file_bytes` would be exceeded.
  ScratchArray make(int64_t rows, size_t bytes_per_row);

  /// Gives the disk back what no array uses.
  void drop_unused_files();

  const ScratchLimits& limits() const { return limits_; }
  uint64_t bytes_in_memory() const { return memory_in_use_; }
  uint64_t bytes_in_files() const;

 private:
  friend class ScratchArray;
  struct Block {
    std::byte* data = nullptr;
    uint64_t bytes = 0;
    bool in_use = false;
  };
  struct Files {
    ~Files();
    std::vector<int> stripes;
    uint64_t bytes = 0;  // of the array that is or was here
    bool in_use = false;
  };
  std::byte* take_memory(uint64_t bytes);
  const std::vector<int>& take_files(uint64_t bytes);
  Files* best_unused_files(uint64_t bytes) const;
  bool fits_on_disk(uint64_t bytes, const Files* reused) const;
  void release(ScratchArray& array);

  ScratchLimits limits_;
  std::vector<Block> blocks_;
  std::vector<std::unique_ptr<Files>> files_;  // arrays point into them
  uint64_t memory_in_use_ = 0;
};

}  // namespace wav2vec
