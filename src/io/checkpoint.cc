#include "wav2vec/io/checkpoint.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>

#include "checkpoint_manifest.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"
#include "wav2vec/core/log.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kStepPrefix = "step_";
constexpr std::string_view kLatest = "latest";
constexpr std::string_view kBest = "best";
// Folders on their way in or out; the number of the process follows.
constexpr std::string_view kBeingWritten = ".tmp-";
constexpr std::string_view kBeingReplaced = ".replaced-";
constexpr std::string_view kBeingRemoved = ".removed-";
constexpr uint64_t kMaxMarkBytes = 4096;

std::string shown(const fs::path& path) { return printable(path.string()); }

[[noreturn]] void throw_disk(const fs::path& path, std::string_view action, int error) {
  throw DiskError(fmt::format("{}: cannot {}: {}", shown(path), action, std::strerror(error)));
}

template <class Number>
std::optional<Number> number_from(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string step_name(int64_t update) { return fmt::format("{}{:08}", kStepPrefix, update); }

/// The update of a folder name, only if it is spelled as step_name spells it: step_10 and step_0010 would
/// otherwise be two steps of one number.
std::optional<int64_t> step_from(std::string_view name) {
  if (!name.starts_with(kStepPrefix)) return std::nullopt;
  const auto update = number_from<int64_t>(name.substr(kStepPrefix.size()));
  if (!update || *update < 0 || step_name(*update) != name) return std::nullopt;
  return update;
}

// ---- what lies in the folder ------------------------------------------------------------------------

/// A name of the form <base><marker><process>[-<counter>].
struct Passing {
  std::string base;
  std::string_view marker;
  pid_t process = 0;
};

std::optional<Passing> passing_from(const std::string& name) {
  for (const std::string_view marker : {kBeingWritten, kBeingReplaced, kBeingRemoved}) {
    const size_t at = name.rfind(marker);
    if (at == std::string::npos) continue;
    const std::string base = name.substr(0, at);
    if (!step_from(base) && base != kLatest && base != kBest) continue;
    const std::string rest = name.substr(at + marker.size());
    const auto process = number_from<pid_t>(rest.substr(0, rest.find('-')));
    if (process && *process > 0) return Passing{base, marker, *process};
  }
  return std::nullopt;
}

/// A folder that claims to be a step. `update` is empty when the name is not one of ours.
struct Candidate {
  std::optional<int64_t> update;
  fs::path folder;
  bool replaced = false;
};

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    names.push_back(it->path().filename().string());
  if (error && error != std::errc::no_such_file_or_directory)
    throw CheckpointError(fmt::format("{}: cannot list: {}", shown(folder), error.message()));
  std::sort(names.begin(), names.end());
  return names;
}

/// Newest first by number, never by time: clocks jump and copies get new times. Foreign names come last.
std::vector<Candidate> candidates_in(const fs::path& folder) {
  std::vector<Candidate> candidates;
  for (const std::string& name : names_in(folder)) {
    if (const auto passing = passing_from(name)) {
      // Killed between the two renames of a replacement: the old step is still whole under this name.
      if (passing->marker == kBeingReplaced)
        candidates.push_back({step_from(passing->base), folder / name, true});
    } else if (name.starts_with(kStepPrefix)) {
      candidates.push_back({step_from(name), folder / name, false});
    }
  }
  std::stable_sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return std::pair(a.update.value_or(-1), !a.replaced) > std::pair(b.update.value_or(-1), !b.replaced);
  });
  return candidates;
}

// ---- saving -----------------------------------------------------------------------------------------

/// Removes the folder unless it has got its final name.
class PassingFolder {
 public:
  explicit PassingFolder(fs::path path) : path_(std::move(path)) {
    std::error_code error;
    fs::remove_all(path_, error);  // left by a process that had our number
    if (!fs::create_directory(path_, error)) throw_disk(path_, "make the folder", error.value());
  }
  ~PassingFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  PassingFolder(const PassingFolder&) = delete;
  PassingFolder& operator=(const PassingFolder&) = delete;

  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

void sync_file(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw_disk(path, "open", errno);
  const int result = ::fsync(descriptor);
  const int error = errno;
  ::close(descriptor);
  if (result != 0) throw_disk(path, "write to disk", error);
}

ManifestEntry write_checkpoint_file(const CheckpointFile& file, const fs::path& folder) {
  W2V_CHECK(is_checkpoint_file_name(file.name), "a checkpoint file is named without folders");
  const fs::path path = folder / file.name;
  file.write(path);
  sync_file(path);
  return measure_file(path);
}

void make_durable_folder(const fs::path& folder) {
  std::error_code error;
  if (fs::is_directory(folder, error)) return;
  if (!fs::create_directories(folder, error) && error) throw_disk(folder, "make the folder", error.value());
  sync_folder(folder.parent_path());
  if (folder.parent_path().has_parent_path()) sync_folder(folder.parent_path().parent_path());
}

/// Gives the finished folder its name. What stood there before gets the name `aside`, if anything did.
void put_in_place(const fs::path& finished, const fs::path& step, const fs::path& aside) {
  std::error_code error;
  if (fs::symlink_status(step, error).type() == fs::file_type::not_found) {
    if (::rename(finished.c_str(), step.c_str()) != 0) throw_disk(step, "put the checkpoint in place", errno);
    return;
  }
  // One step where the file system can swap two names (then `finished` is the old one, and goes away with
  // its owner), else two.
  if (::renameat2(AT_FDCWD, finished.c_str(), AT_FDCWD, step.c_str(), RENAME_EXCHANGE) == 0) return;
  if (::rename(step.c_str(), aside.c_str()) != 0) throw_disk(step, "replace the checkpoint", errno);
  if (::rename(finished.c_str(), step.c_str()) != 0) {
    const int reason = errno;
    fs::rename(aside, step, error);
    throw_disk(step, "replace the checkpoint", reason);
  }
}

// ---- removing ---------------------------------------------------------------------------------------

void remove_or_warn(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) log_warning(fmt::format("{}: cannot remove: {}", shown(path), error.message()));
}

/// Renames first: a step that is only half removed must not look like a step.
void remove_step(const fs::path& step) {
  fs::path passing = step;
  passing += fmt::format("{}{}", kBeingRemoved, ::getpid());
  std::error_code error;
  fs::rename(step, passing, error);
  if (error) {
    log_warning(fmt::format("{}: cannot remove: {}", shown(step), error.message()));
    return;
  }
  remove_or_warn(passing);
}

bool is_alive(pid_t process) { return ::kill(process, 0) == 0 || errno != ESRCH; }

void remove_leftovers(const fs::path& folder) {
  for (const std::string& name : names_in(folder)) {
    const auto passing = passing_from(name);
    if (!passing || (passing->process != ::getpid() && is_alive(passing->process))) continue;
    std::error_code error;
    const bool only_copy = passing->marker == kBeingReplaced && !fs::exists(folder / passing->base, error);
    if (!only_copy) remove_or_warn(folder / name);
  }
}

// ---- loading ----------------------------------------------------------------------------------------

void warn_about_unknown_files(const fs::path& folder, const CheckpointManifest& manifest) {
  for (const std::string& name : names_in(folder)) {
    const bool known = name == kManifestFileName ||
                       std::any_of(manifest.files.begin(), manifest.files.end(),
                                   [&](const ManifestEntry& entry) { return entry.name == name; });
    if (!known)
      log_warning(fmt::format("{}: does not belong to the checkpoint; ignored", shown(folder / name)));
  }
}

Checkpoint load_verified(const fs::path& folder, std::optional<int64_t> update) {
  const CheckpointManifest manifest = verify_checkpoint(folder, update);
  warn_about_unknown_files(folder, manifest);
  return {manifest.update, folder, manifest.facts};
}

std::string read_mark(const fs::path& path) {
  std::string text = read_file(path, kMaxMarkBytes);
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace

CheckpointStore::CheckpointStore(const fs::path& run_folder)
    : folder_(fs::absolute(run_folder) / "checkpoints") {}

void CheckpointStore::save(int64_t update, std::span<const CheckpointFile> files,
                           const std::map<std::string, std::string>& facts) {
  W2V_CHECK(update >= 0, "updates count from 0");
  make_durable_folder(folder_);
  const fs::path step = folder_ / step_name(update);
  const std::string process = fmt::to_string(::getpid());
  const PassingFolder passing(fs::path(step) += fmt::format("{}{}", kBeingWritten, process));
  const fs::path aside = fs::path(step) += fmt::format("{}{}", kBeingReplaced, process);

  CheckpointManifest manifest{update, {}, facts};
  for (const CheckpointFile& file : files)
    manifest.files.push_back(write_checkpoint_file(file, passing.path()));
  write_file(passing.path() / kManifestFileName, format_manifest(manifest));
  sync_folder(passing.path());
  put_in_place(passing.path(), step, aside);
  sync_folder(folder_);
  intact_.insert(update);
  write_file(folder_ / kLatest, step_name(update) + "\n");
  remove_or_warn(aside);
}

void CheckpointStore::mark_best(int64_t update, double metric) {
  W2V_CHECK(std::isfinite(metric), "the best metric is finite");
  W2V_CHECK(fs::exists(folder_ / step_name(update)), "only a saved step can be the best");
  write_file(folder_ / kBest, fmt::format("{} {}\n", step_name(update), metric));
}

std::optional<BestCheckpoint> CheckpointStore::best() const {
  const fs::path path = folder_ / kBest;
  std::error_code error;
  if (fs::symlink_status(path, error).type() == fs::file_type::not_found) return std::nullopt;
  try {
    const std::string text = read_mark(path);
    const size_t space = std::min(text.find(' '), text.size());
    const auto update = step_from(std::string_view(text).substr(0, space));
    const auto metric = number_from<double>(std::string_view(text).substr(std::min(space + 1, text.size())));
    if (update && metric && std::isfinite(*metric)) return BestCheckpoint{*update, *metric};
    log_warning(fmt::format("{}: expected a step and its metric, found \"{}\"; ignored", shown(path),
                            printable(text.substr(0, 80))));
  } catch (const DataError& unreadable) {
    log_warning(fmt::format("{}; ignored", unreadable.what()));
  }
  return std::nullopt;
}

std::vector<int64_t> CheckpointStore::updates() const {
  std::vector<int64_t> updates;
  for (const std::string& name : names_in(folder_)) {
    if (const auto update = step_from(name)) updates.push_back(*update);
  }
  std::sort(updates.begin(), updates.end());
  return updates;
}

bool CheckpointStore::is_intact(int64_t update) {
  if (intact_.contains(update)) return true;
  try {
    verify_checkpoint(folder_ / step_name(update), update);
  } catch (const Error&) {
    return false;
  }
  intact_.insert(update);
  return true;
}

void CheckpointStore::prune(int64_t keep_last) {
  W2V_CHECK(keep_last >= 1, "prune keeps at least one step");
  const std::optional<BestCheckpoint> best_step = best();
  std::vector<int64_t> steps = updates();
  std::reverse(steps.begin(), steps.end());
  int64_t kept = 0;
  for (const int64_t update : steps) {
    if (kept < keep_last) {
      // A damaged step must not push out the intact one that a resume will need.
      if (is_intact(update)) ++kept;
    } else if (!best_step || best_step->update != update) {
      remove_step(folder_ / step_name(update));
      intact_.erase(update);
    }
  }
  remove_leftovers(folder_);
}

Checkpoint CheckpointStore::load(int64_t update) {
  try {
    Checkpoint checkpoint = load_verified(folder_ / step_name(update), update);
    intact_.insert(update);
    return checkpoint;
  } catch (const DataError& damage) {
    throw CheckpointError(damage.what());
  }
}

std::optional<Checkpoint> CheckpointStore::load_newest() {
  const std::vector<Candidate> candidates = candidates_in(folder_);
  std::error_code error;
  if (candidates.empty()) {
    if (fs::symlink_status(folder_ / kLatest, error).type() == fs::file_type::not_found) return std::nullopt;
    throw CheckpointError(fmt::format(
        "{}: checkpoints have been saved here and none is left; bring them back or choose another run folder",
        shown(folder_)));
  }
  bool fell_back = false;
  for (const Candidate& candidate : candidates) {
    if (!candidate.update) {
      log_warning(fmt::format("{}: not a name that this program gives a checkpoint; ignored",
                              shown(candidate.folder)));
      continue;
    }
    try {
      Checkpoint checkpoint = load_verified(candidate.folder, candidate.update);
      if (fell_back)
        log_warning(fmt::format("{}: used instead: the newest intact checkpoint", shown(candidate.folder)));
      if (!candidate.replaced) intact_.insert(*candidate.update);
      return checkpoint;
    } catch (const DataError& damage) {
      log_warning(fmt::format("{}; trying the checkpoint before", damage.what()));
      fell_back = true;
    }
  }
  throw CheckpointError(fmt::format(
      "{}: none of the {} checkpoints is intact; restore one from a copy or start in another folder",
      shown(folder_), candidates.size()));
}

// ---- for the command line ---------------------------------------------------------------------------

namespace {

fs::path model_of_run(const fs::path& run) {
  CheckpointStore store(run);
  if (const auto best = store.best()) {
    try {
      return store.load(best->update).file(kModelFileName);
    } catch (const CheckpointError& damage) {
      log_warning(fmt::format("{}; using the newest checkpoint instead of the best", damage.what()));
    }
  }
  const auto newest = store.load_newest();
  if (!newest) throw CheckpointError(fmt::format("{}: no checkpoint has been saved yet", shown(run)));
  return newest->file(kModelFileName);
}

fs::path model_of_step(const fs::path& step) {
  try {
    return load_verified(step, std::nullopt).file(kModelFileName);
  } catch (const DataError& damage) {
    throw CheckpointError(damage.what());
  }
}

}  // namespace

fs::path resolve_model_path(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status))
    throw DataError(fmt::format(
        "{}: no such file or folder; expected a model file, a checkpoint or a run folder", shown(path)));
  fs::path model = path;
  if (fs::is_directory(status)) {
    if (fs::is_directory(path / "checkpoints", error)) {
      model = model_of_run(path);
    } else if (fs::exists(path / kManifestFileName, error)) {
      model = model_of_step(path);
    } else {
      model = path / kModelFileName;
    }
  }
  if (!fs::is_regular_file(model, error))
    throw DataError(fmt::format("{}: holds no {}; expected a model file, a checkpoint or a run folder",
                                shown(path), kModelFileName));
  return model;
}

void require_free_space(const fs::path& folder, uint64_t bytes) {
  const uint64_t available = free_bytes(folder);
  if (available >= bytes) return;
  constexpr double kMebibyte = 1024.0 * 1024.0;
  throw DiskError(fmt::format(
      "{}: needs {:.1f} MiB of free space, has {:.1f} MiB; free some or choose another folder", shown(folder),
      static_cast<double>(bytes) / kMebibyte, static_cast<double>(available) / kMebibyte));
}

}  // namespace wav2vec
