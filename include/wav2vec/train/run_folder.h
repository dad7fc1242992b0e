#pragma once
// What every training run does with its folder.

#include <cstdint>
#include <filesystem>
#include <span>

#include "wav2vec/config/recipe.h"
#include "wav2vec/io/checkpoint.h"
#include "wav2vec/io/run_lock.h"

namespace wav2vec {

/// A resumed run must be the same run: every section but [train], [distributed] and [probe] has to agree with
/// what was written to `stored_path`. Both lists have the same sections in the same order. Throws ConfigError
/// naming the section.
void check_same_recipe(const std::filesystem::path& stored_path, std::span<const RecipeSection> stored,
                       std::span<const RecipeSection> given);

/// Makes the folder, locks it, and makes sure that `checkpoints` of `checkpoint_bytes` each have room. Throws
/// DiskError.
RunLock claim_run_folder(const std::filesystem::path& folder, uint64_t checkpoint_bytes, int64_t checkpoints);

/// Throws ConfigError where a new run would be mixed with one that is there.
void refuse_second_run(const CheckpointStore& store, const std::filesystem::path& folder);

/// recipe.toml.
void write_run_recipe(const std::filesystem::path& folder, std::span<const RecipeSection> sections);

/// Throws NumericError: too many updates in a row, the last of them `update`, were not finite.
[[noreturn]] void fail_not_finite(const std::filesystem::path& folder, int64_t updates_in_row,
                                  int64_t update);

}  // namespace wav2vec
