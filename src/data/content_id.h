#pragma once
// What is in a file, told by all of its bytes.

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace wav2vec {

struct ContentId {
  uint64_t hash = 0;  ///< XXH64 of every MiB, each seeded by the one before
  uint64_t bytes = 0;

  bool operator==(const ContentId&) const = default;
};

/// Reads files to tell their contents apart. Thread-safe.
///
/// Files up to 4 MiB are read at every call: that costs little beside using them, and no time stamp is
/// believed. Larger ones (long recordings, of which a crop is a small part) are read again when device,
/// inode, size, mtime or ctime differ. The ctime moves with every write and cannot be set back; it is
/// believed only if it was some seconds old when the reading began, since a later write could still get the
/// same one.
class ContentIds {
 public:
  /// Nothing when it is not a regular file, cannot be read or shrinks meanwhile.
  std::optional<ContentId> of(const std::filesystem::path& path);

 private:
  struct Stamp {
    int64_t bytes = 0;
    int64_t modified_ns = 0;
    int64_t changed_ns = 0;

    bool operator==(const Stamp&) const = default;
  };
  struct Known {
    Stamp stamp;
    ContentId id;
  };
  using Inode = std::pair<uint64_t, uint64_t>;

  std::mutex mutex_;
  std::map<Inode, Known> known_;
};

}  // namespace wav2vec
