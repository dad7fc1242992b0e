// A run begins with the weights of another one, and with nothing that would not fit.

#include "wav2vec/train/initial_weights.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "support/temporary_folder.h"
#include "support/tiny_recipe.h"
#include "wav2vec/core/error.h"
#include "wav2vec/model/pretraining_network.h"
#include "wav2vec/train/network_file.h"

using namespace wav2vec;

namespace {

PretrainRecipe recipe_of_three_steps() {
  PretrainRecipe recipe = test::tiny_recipe();
  recipe.objective.prediction_steps = 3;
  return recipe;
}

/// A network with the weights that the recipe gives it.
struct Begun {
  PretrainingNetwork network;
  ParameterBlock parameters;

  explicit Begun(const PretrainRecipe& recipe)
      : network(recipe.model, recipe.objective), parameters(network.layout) {
    set_initial_weights(recipe.model, recipe.train, parameters);
  }

  /// How many parameters have the values that they have in `other`, of those whose name begins so.
  std::pair<int, int> equal_to(const Begun& other, std::string_view prefix) const {
    int equal = 0;
    int all = 0;
    for (const ParameterId id : network.layout.by_name()) {
      if (!network.layout[id].name.starts_with(prefix)) continue;
      for (const ParameterId theirs : other.network.layout.by_name()) {
        if (other.network.layout[theirs].name == network.layout[id].name)
          equal += std::ranges::equal(parameters[id], other.parameters[theirs]) ? 1 : 0;
      }
      ++all;
    }
    return {equal, all};
  }
};

class TrainedModel {
 public:
  TrainedModel() {
    PretrainRecipe recipe = recipe_of_three_steps();
    recipe.train.seed = 77;
    begun = std::make_unique<Begun>(recipe);
    write_network(path(), {.model = recipe.model, .objective = recipe.objective}, begun->parameters);
  }
  std::filesystem::path path() const { return folder_.path() / "model.safetensors"; }
  std::unique_ptr<Begun> begun;

 private:
  TemporaryFolder folder_;
};

}  // namespace

TEST_CASE("initial weights: those of a model, or of the seed") {
  const TrainedModel trained;
  PretrainRecipe recipe = recipe_of_three_steps();
  const auto [by_chance, all] = Begun(recipe).equal_to(*trained.begun, "");
  CHECK(by_chance < all);  // biases and norms begin alike
  recipe.train.initial_model = trained.path().string();
  recipe.model.dropout = 0.3;  // no matter of the network's shape
  CHECK(Begun(recipe).equal_to(*trained.begun, "") == std::pair(all, all));
}

TEST_CASE("initial weights: step projections of another number of steps stay random") {
  const TrainedModel trained;
  PretrainRecipe recipe = recipe_of_three_steps();
  recipe.objective.prediction_steps = 5;
  recipe.train.initial_model = trained.path().string();
  const Begun begun(recipe);
  for (const char* part : {"feature_extractor.", "feature_aggregator."}) {
    const auto [equal, all] = begun.equal_to(*trained.begun, part);
    CHECK(all > 0);
    CHECK(equal == all);
  }
  CHECK(begun.equal_to(*trained.begun, "wav2vec_predictions.").first == 0);
}

TEST_CASE("initial weights: another network is refused and the difference named") {
  const TrainedModel trained;
  PretrainRecipe recipe = recipe_of_three_steps();
  recipe.train.initial_model = trained.path().string();
  recipe.model.log_compression = !recipe.model.log_compression;
  try {
    const Begun begun(recipe);
    FAIL("not refused");
  } catch (const ConfigError& error) {
    CHECK(std::string(error.what()).find("log_compression = ") != std::string::npos);
  }
  recipe = recipe_of_three_steps();
  recipe.train.initial_model = (trained.path().parent_path() / "none.safetensors").string();
  CHECK_THROWS_AS(Begun{recipe}, Error);
}
