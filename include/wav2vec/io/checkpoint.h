#pragma once
// The checkpoints of a run. This file knows how to keep folders of files safe and nothing about their
// content.
//
//   RUN/checkpoints/step_00001000/{files…, manifest.json}
//   RUN/checkpoints/latest     name of the newest step, for people and scripts; never needed to load
//   RUN/checkpoints/best       name of the best step and its metric
//
// A save that was acknowledged survives a kill or a power cut at any later moment; a step that is damaged is
// noticed on load, named, and the one before is used.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wav2vec {

/// The file of a checkpoint that --model means.
inline constexpr std::string_view kModelFileName = "model.safetensors";

/// One file of a checkpoint: `write` makes it at the path it is given (and throws when it cannot).
struct CheckpointFile {
  std::string name;
  std::function<void(const std::filesystem::path&)> write;
};

/// A checkpoint whose files have been verified against their checksums.
struct Checkpoint {
  int64_t update = 0;
  std::filesystem::path folder;
  std::map<std::string, std::string> facts;

  std::filesystem::path file(std::string_view name) const { return folder / name; }
};

struct BestCheckpoint {
  int64_t update = 0;
  double metric = 0.0;
};

/// Whoever writes holds the run's RunLock (io/run_lock.h). Reading needs no lock and changes nothing.
class CheckpointStore {
 public:
  explicit CheckpointStore(const std::filesystem::path& run_folder);

  /// Writes the files into a temporary folder, each onto the disk, then a manifest with sizes and CRC-32C,
  /// then gives the folder its name and only then moves `latest`. Durable when it returns. A step of the same
  /// number is replaced without a moment at which neither exists. Throws DiskError (and whatever a `write`
  /// throws); the checkpoints that were there are untouched then.
  void save(int64_t update, std::span<const CheckpointFile> files,
            const std::map<std::string, std::string>& facts);

  /// Marks a saved step as the best so far; prune() keeps it. `metric` is finite.
  void mark_best(int64_t update, double metric);
  /// Nothing when no step is marked or the mark is unreadable (which is warned about).
  std::optional<BestCheckpoint> best() const;

  /// Keeps the newest `keep_last` (at least 1) intact steps, anything newer than those, and the best; removes
  /// the other steps and what killed processes left behind. What cannot be removed is warned about.
  void prune(int64_t keep_last);

  /// The newest step that is intact. Nothing when the run has never saved one. A damaged step is warned about
  /// by file and the next older is tried. Throws CheckpointError when there are steps and none is intact, or
  /// one was written by a newer version of the program.
  std::optional<Checkpoint> load_newest();

  /// One step, verified. Throws CheckpointError when it is missing or damaged.
  Checkpoint load(int64_t update);

  /// Numbers of the steps on disk, ascending, unverified.
  std::vector<int64_t> updates() const;

 private:
  bool is_intact(int64_t update);

  std::filesystem::path folder_;
  /// Steps that this object has written or verified: prune() reads no step twice.
  std::set<int64_t> intact_;
};

/// What --model accepts: a file; a step folder, which means its model.safetensors; a run folder, which means
/// its best step if one is marked and intact, else its newest intact one. Throws DataError when the path does
/// not exist or is nothing of these, CheckpointError when checkpoints are there but none is intact.
std::filesystem::path resolve_model_path(const std::filesystem::path& path);

/// Throws DiskError naming need and have when the file system of `folder` has fewer bytes free.
void require_free_space(const std::filesystem::path& folder, uint64_t bytes);

}  // namespace wav2vec
