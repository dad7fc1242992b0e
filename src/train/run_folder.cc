#include "wav2vec/train/run_folder.h"

#include <fmt/format.h>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"

namespace wav2vec {

void check_same_recipe(const std::filesystem::path& stored_path, std::span<const RecipeSection> stored,
                       std::span<const RecipeSection> given) {
  for (size_t i = 0; i < given.size(); ++i) {
    if (given[i].name == "train" || given[i].name == "distributed" || given[i].name == "probe") continue;
    if (format_recipe("", stored.subspan(i, 1)) == format_recipe("", given.subspan(i, 1))) continue;
    throw ConfigError(fmt::format(
        "{}: section [{}] differs from the recipe given now; resume without --config and --set, or "
        "start a new run in another folder",
        printable(stored_path.string()), given[i].name));
  }
}

RunLock claim_run_folder(const std::filesystem::path& folder, uint64_t checkpoint_bytes,
                         int64_t checkpoints) {
  make_writable_folder(folder);
  RunLock lock(folder);
  require_free_space(folder, checkpoint_bytes * static_cast<uint64_t>(checkpoints));
  return lock;
}

void refuse_second_run(const CheckpointStore& store, const std::filesystem::path& folder) {
  if (store.updates().empty()) return;
  throw ConfigError(
      fmt::format("{}: holds a run already; add --resume to go on with it, or choose another --out",
                  printable(folder.string())));
}

void write_run_recipe(const std::filesystem::path& folder, std::span<const RecipeSection> sections) {
  write_file(folder / "recipe.toml",
             format_recipe("Resolved recipe of this run; it can be run as it is.", sections));
}

void fail_not_finite(const std::filesystem::path& folder, int64_t updates_in_row, int64_t update) {
  throw NumericError(
      fmt::format("{}: {} updates in a row were not finite (the last at update {}); lower "
                  "optim.learning_rate or set optim.clip_norm, then go on with --resume",
                  printable(folder.string()), updates_in_row, update));
}

}  // namespace wav2vec
