#pragma once
// The recipe in a run folder against the one that a resumed run is given.

#include <filesystem>
#include <span>

#include "wav2vec/config/recipe.h"

namespace wav2vec {

/// A resumed run must be the same run: every section but [train] and [probe] has to agree with what was
/// written to `stored_path`. Both lists have the same sections in the same order. Throws ConfigError naming
/// the section.
void check_same_recipe(const std::filesystem::path& stored_path, std::span<const RecipeSection> stored,
                       std::span<const RecipeSection> given);

}  // namespace wav2vec
