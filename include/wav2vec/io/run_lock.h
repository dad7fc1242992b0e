#pragma once
// One writer per run, or per folder of features.

#include <filesystem>
#include <string>

namespace wav2vec {

/// Holds FOLDER/.lock (flock) as long as it lives. The lock dies with its process, so a stale one cannot
/// exist.
class RunLock {
 public:
  enum class Kind { exclusive, shared };

  /// Makes the folder when needed. Throws DiskError when another process holds the lock (with `shared`:
  /// exclusively), naming it, or when the folder cannot be written.
  explicit RunLock(const std::filesystem::path& folder, Kind kind = Kind::exclusive,
                   const std::string& name = ".lock");
  ~RunLock();
  RunLock(RunLock&& other) noexcept;
  RunLock& operator=(RunLock&& other) noexcept;

  /// From now on others may hold it shared.
  void share();

 private:
  int descriptor_ = -1;
};

}  // namespace wav2vec
