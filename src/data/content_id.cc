#include "data/content_id.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <vector>

#include "data/file_descriptor.h"
#include "wav2vec/core/hash.h"

namespace wav2vec {
namespace {

constexpr int64_t kAlwaysReadBytes = int64_t{4} << 20;
constexpr int64_t kPieceBytes = int64_t{1} << 20;
constexpr int64_t kSettledNs = 5'000'000'000;

int64_t nanoseconds(const timespec& time) { return time.tv_sec * 1'000'000'000 + time.tv_nsec; }

int64_t now_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);
  return nanoseconds(time);
}

std::optional<ContentId> hash_content(int descriptor, int64_t bytes) {
  std::vector<char> piece(static_cast<size_t>(std::min(bytes, kPieceBytes)));
  ContentId id{.hash = 0, .bytes = static_cast<uint64_t>(bytes)};
  for (int64_t at = 0; at < bytes; at += kPieceBytes) {
    const auto size = static_cast<size_t>(std::min(bytes - at, kPieceBytes));
    if (!read_at(descriptor, at, piece.data(), size)) return std::nullopt;
    id.hash = xxh64(piece.data(), size, id.hash);
  }
  return id;
}

}  // namespace

std::optional<ContentId> ContentIds::of(const std::filesystem::path& path) {
  const FileDescriptor file = open_to_read(path);
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  if (status.st_size <= kAlwaysReadBytes) return hash_content(file.get(), status.st_size);

  const Inode inode{status.st_dev, status.st_ino};
  const Stamp stamp{status.st_size, nanoseconds(status.st_mtim), nanoseconds(status.st_ctim)};
  {
    const std::lock_guard lock(mutex_);
    const auto at = known_.find(inode);
    if (at != known_.end() && at->second.stamp == stamp) return at->second.id;
  }
  const bool settled = now_ns() - stamp.changed_ns > kSettledNs;
  const std::optional<ContentId> id = hash_content(file.get(), status.st_size);
  if (id && settled) {
    const std::lock_guard lock(mutex_);
    known_[inode] = {stamp, *id};
  }
  return id;
}

}  // namespace wav2vec
