#include "data/cache_room.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <utility>
#include <vector>

#include "data/cache_entry.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"
#include "wav2vec/core/log.h"
#include "wav2vec/core/say_once.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;

struct FoundEntry {
  fs::path path;
  int64_t used_ns = 0;
  uint64_t bytes = 0;
};

bool is_entry_name(const std::string& name) {
  return name.ends_with(kCacheEntryEnding) &&
         name.find_first_not_of("0123456789abcdef-") == name.size() - kCacheEntryEnding.size();
}

void find_entries(const fs::path& folder, std::vector<FoundEntry>& found) {
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    struct stat status {};
    if (!is_entry_name(at->path().filename().string()) || ::lstat(at->path().c_str(), &status) != 0 ||
        !S_ISREG(status.st_mode))
      continue;
    found.push_back({at->path(), status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec,
                     static_cast<uint64_t>(status.st_size)});
  }
}

/// Bytes in the folder after the longest unused entries were removed.
uint64_t prune(const fs::path& folder, uint64_t keep_bytes, int64_t used_before_ns) {
  std::vector<FoundEntry> found;
  for (int shard = 0; shard < 256; ++shard) {
    const fs::path part = folder / fmt::format("{:02x}", shard);
    remove_stale_temporaries(part, is_entry_name);
    find_entries(part, found);
  }
  uint64_t bytes = 0;
  for (const FoundEntry& entry : found) bytes += entry.bytes;
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.used_ns < b.used_ns; });
  for (const FoundEntry& entry : found) {
    if (bytes <= keep_bytes || entry.used_ns >= used_before_ns) break;
    if (::unlink(entry.path.c_str()) == 0 || errno == ENOENT) bytes -= entry.bytes;
  }
  return bytes;
}

/// The clock of file time stamps, which stands still between two ticks.
int64_t file_time_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &time);
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

CacheRoom::CacheRoom(fs::path folder, uint64_t max_bytes)
    : folder_(std::move(folder)), max_bytes_(max_bytes), opened_ns_(file_time_ns()) {}

bool CacheRoom::must_measure(uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  offered_bytes_ += bytes;
  if (is_measuring_ || (is_known_ && offered_bytes_ < max_bytes_ / 16)) return false;
  is_measuring_ = true;
  taken_meanwhile_ = 0;
  offered_bytes_ = 0;
  return true;
}

void CacheRoom::measure(uint64_t wanted_bytes) {
  const uint64_t keep_bytes = max_bytes_ - std::max(wanted_bytes, max_bytes_ / 16);
  const uint64_t found_bytes = prune(folder_, keep_bytes, opened_ns_);
  if (found_bytes > keep_bytes && first_time("full cache " + folder_.string()))
    log_info(fmt::format(
        "{}: the audio cache is nearly full with what this run uses; the rest is decoded each time "
        "(data.cache_gib)",
        printable(folder_.string())));
  const std::lock_guard lock(mutex_);
  used_bytes_ = found_bytes + taken_meanwhile_;
  is_known_ = true;
  is_measuring_ = false;
}

bool CacheRoom::take(uint64_t bytes) {
  if (bytes > max_bytes_) return false;
  if (must_measure(bytes)) measure(bytes);
  const std::lock_guard lock(mutex_);
  if (!is_known_ || used_bytes_ + bytes > max_bytes_) return false;
  used_bytes_ += bytes;
  taken_meanwhile_ += bytes;
  return true;
}

void CacheRoom::give_back(uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  used_bytes_ -= std::min(bytes, used_bytes_);
}

}  // namespace wav2vec
