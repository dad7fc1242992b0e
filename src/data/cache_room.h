#pragma once
// Keeps a cache folder within its bound without looking at all of it for every new entry.

#include <cstdint>
#include <filesystem>
#include <mutex>

namespace wav2vec {

/// Counts what this process adds and measures the folder again whenever it has been offered a sixteenth of
/// the bound. Each measurement removes the entries that were unused for longest until a sixteenth is free,
/// but none that was used since this object was made: in an epoch of random order, what has been used is what
/// comes again, and throwing it out for what comes now would leave hardly any hits. Processes that fill a
/// folder at the same time can each exceed the bound by a sixteenth until somebody measures again.
/// Thread-safe.
class CacheRoom {
 public:
  /// `folder` holds entries by the names of cache_entry_name(); anything else in it is neither counted nor
  /// touched.
  CacheRoom(std::filesystem::path folder, uint64_t max_bytes);

  /// True: there is room, and it is taken. Never throws.
  bool take(uint64_t bytes);
  /// What was taken is not needed.
  void give_back(uint64_t bytes);

  /// Since 1970: entries used before may be removed.
  int64_t opened_ns() const { return opened_ns_; }

 private:
  bool must_measure(uint64_t bytes);
  void measure(uint64_t wanted_bytes);

  std::filesystem::path folder_;
  uint64_t max_bytes_;
  int64_t opened_ns_;

  std::mutex mutex_;  // guards everything below; not held while measuring
  bool is_known_ = false;
  bool is_measuring_ = false;
  uint64_t used_bytes_ = 0;
  uint64_t taken_meanwhile_ = 0;  // since the last measurement began: it may not have seen them
  uint64_t offered_bytes_ = 0;    // since then too
};

}  // namespace wav2vec
