#pragma once
// One writer per run.

#include <filesystem>

namespace wav2vec {

/// Holds RUN/.lock (flock) as long as it lives. The lock dies with its process, so a stale one cannot exist.
class RunLock {
 public:
  /// Makes the folder when needed. Throws DiskError when another process holds the lock, naming it, or when
  /// the folder cannot be written.
  explicit RunLock(const std::filesystem::path& run_folder);
  ~RunLock();
  RunLock(RunLock&& other) noexcept;
  RunLock& operator=(RunLock&& other) noexcept;

 private:
  int descriptor_ = -1;
};

}  // namespace wav2vec
