#include "wav2vec/train/run_recipe.h"

#include <fmt/format.h>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"

namespace wav2vec {

void check_same_recipe(const std::filesystem::path& stored_path, std::span<const RecipeSection> stored,
                       std::span<const RecipeSection> given) {
  for (size_t i = 0; i < given.size(); ++i) {
    if (given[i].name == "train" || given[i].name == "probe") continue;
    if (format_recipe("", stored.subspan(i, 1)) == format_recipe("", given.subspan(i, 1))) continue;
    throw ConfigError(fmt::format(
        "{}: section [{}] differs from the recipe given now; resume without --config and --set, or "
        "start a new run in another folder",
        printable(stored_path.string()), given[i].name));
  }
}

}  // namespace wav2vec
