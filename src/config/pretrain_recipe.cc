#include "wav2vec/config/pretrain_recipe.h"

#include <fmt/format.h>

namespace wav2vec {

std::vector<RecipeSection> network_sections(ModelConfig& model, ObjectiveConfig& objective) {
  return {recipe_section("model", model), recipe_section("objective", objective)};
}

std::vector<RecipeSection> PretrainRecipe::sections() {
  std::vector<RecipeSection> all = network_sections(model, objective);
  all.push_back(recipe_section("data", data));
  all.push_back(recipe_section("augment", augment));
  all.push_back(recipe_section("optim", optim));
  all.push_back(recipe_section("train", train));
  all.push_back(recipe_section("distributed", distributed));
  all.push_back(recipe_section("probe", probe));
  return all;
}

int64_t shortest_useful_samples(const ModelConfig& model, const ObjectiveConfig& objective) {
  return encoder_geometry(model).samples_for(prediction_offset(objective, model) + 1);
}

void PretrainRecipe::validate() const {
  model.validate();
  objective.validate();
  data.validate();
  augment.validate();
  optim.validate();
  train.validate();
  distributed.validate();
  probe.validate();
  if (probe.enabled() && probe.every % train.valid_every != 0) {
    fail_field("probe", "every",
               fmt::format("{} is no multiple of train.valid_every = {}", probe.every, train.valid_every));
  }
  const int64_t shortest = shortest_useful_samples(model, objective);
  if (data.min_samples < shortest) {
    fail_field(
        "data", "min_samples",
        fmt::format("{} is too short for one prediction; expected at least {}: {} samples of receptive "
                    "field and {} frames to the first predicted one",
                    data.min_samples, shortest, encoder_geometry(model).receptive_field_samples,
                    prediction_offset(objective, model)));
  }
}

}  // namespace wav2vec
