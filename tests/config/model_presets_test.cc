#include "wav2vec/config/model_presets.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "wav2vec/config/pretrain_recipe.h"

using namespace wav2vec;

TEST_CASE("model presets are the models of the recipes of the same names") {
  for (const ModelPreset preset : {ModelPreset::base, ModelPreset::large}) {
    const std::string name(kModelPresetNames[static_cast<size_t>(preset)]);
    CAPTURE(name);
    PretrainRecipe recipe;
    read_recipe(
        std::filesystem::path(W2V_SOURCE_DIR) / "recipes" / "pretrain" / ("wav2vec-" + name + ".toml"),
        recipe.sections());
    PretrainRecipe preset_recipe = recipe;
    preset_recipe.model = model_preset(preset);
    CHECK(format_recipe("", preset_recipe.sections()) == format_recipe("", recipe.sections()));
  }
}
