#include "wav2vec/config/pretrain_recipe.h"

#include <fmt/format.h>

namespace wav2vec {
namespace {

template <class Config>
RecipeSection section(std::string name, Config& config) {
  return {std::move(name), [&config](FieldVisitor& v) { config.visit(v); }};
}

}  // namespace

std::vector<RecipeSection> network_sections(ModelConfig& model, ObjectiveConfig& objective) {
  return {section("model", model), section("objective", objective)};
}

std::vector<RecipeSection> PretrainRecipe::sections() {
  std::vector<RecipeSection> all = network_sections(model, objective);
  all.push_back(section("data", data));
  all.push_back(section("augment", augment));
  all.push_back(section("optim", optim));
  all.push_back(section("train", train));
  all.push_back(section("probe", probe));
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
