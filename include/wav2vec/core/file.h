#pragma once
// Files written whole or not at all, and read with a cap. Every message names the path.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace wav2vec {

/// A regular file read from its beginning. Throws DataError when it is missing, unreadable or no regular
/// file: a pipe or device is refused, not waited for.
class InputFile {
 public:
  explicit InputFile(const std::filesystem::path& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  /// When it was opened.
  uint64_t size() const { return size_; }
  /// Up to `bytes` of what comes next; 0 at the end.
  size_t read(char* out, size_t bytes);

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  uint64_t size_ = 0;
};

/// The whole file as bytes. Throws DataError when it is missing, unreadable, not a regular file or larger
/// than `max_bytes` (the size is checked before memory is taken).
std::string read_file(const std::filesystem::path& path, uint64_t max_bytes);

/// A file that appears under its name only when complete: written to a temporary name in the same folder,
/// then fsync, rename, fsync of the folder. Without commit() the temporary is removed. Parent folders are
/// made. A temporary that an earlier process left of this same file is removed. Throws DiskError with the
/// path and the reason.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::string_view bytes);
  void write(const void* data, size_t bytes);
  /// Overwrites bytes already written (headers that need a final count).
  void write_at(uint64_t offset, const void* data, size_t bytes);
  uint64_t size() const { return size_; }
  const std::filesystem::path& path() const { return path_; }
  /// Where the bytes lie until they are complete, for libraries that write files by name.
  const std::filesystem::path& temporary_path() const { return temporary_; }
  /// Durable and visible after this returns.
  void commit();
  /// commit() without waiting for the disk: whole for every reader, but after a power failure perhaps torn or
  /// gone. For what carries a checksum and can be made again.
  void publish();

 private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;
  int descriptor_ = -1;
  uint64_t size_ = 0;
};

/// Removes those temporaries of AtomicFile in the folder (not below it) that nobody can finish: of a file
/// whose name `is_ours`, not held by anybody, of a process that is gone. What cannot be removed stays.
void remove_stale_temporaries(const std::filesystem::path& folder,
                              const std::function<bool(const std::string& name)>& is_ours);

/// AtomicFile in one call.
void write_file(const std::filesystem::path& path, std::string_view bytes);

/// A file that grows record by record, each handed to the system at once. Makes parent folders; appends to
/// an existing file. Throws DiskError with the path and the reason.
class AppendFile {
 public:
  explicit AppendFile(std::filesystem::path path);
  ~AppendFile();
  AppendFile(AppendFile&& other) noexcept;
  AppendFile& operator=(AppendFile&& other) noexcept;

  /// The whole record or, as far as the disk lets us, none of it: what a failed write left is cut off again.
  void append(std::string_view bytes);
  /// Onto the disk.
  void sync();
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
};

/// fsync of a folder: makes renames and new names inside it durable. Throws DiskError.
void sync_folder(const std::filesystem::path& folder);

/// Makes the folder and its parents and proves that a file can be written there. Throws DiskError.
void make_writable_folder(const std::filesystem::path& folder);

/// Bytes free for this user on the file system of `folder`.
uint64_t free_bytes(const std::filesystem::path& folder);

}  // namespace wav2vec
