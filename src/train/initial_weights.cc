#include "wav2vec/train/initial_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "wav2vec/config/recipe.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/log.h"
#include "wav2vec/io/checkpoint.h"
#include "wav2vec/io/model_file.h"

namespace wav2vec {
namespace {

// What stands on top of the network. Step projections, whose number may change, belong together; of a head
// every tensor is of use that has its shape.
constexpr std::string_view kPredictions = "wav2vec_predictions.";
constexpr std::string_view kHead = "head.";

// [model] as text, without what only matters while training.
std::string architecture(ModelConfig model) {
  model.dropout = model.dropout_features = model.dropout_context = 0.0;
  const RecipeSection section = recipe_section("model", model);
  return format_recipe("", std::span(&section, 1));
}

// The first line of each in which they differ, without its comment.
std::pair<std::string, std::string> first_difference(std::string_view a, std::string_view b) {
  const auto take_line = [](std::string_view& text) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    return line.substr(0, line.find("  #"));
  };
  while (!a.empty() && !b.empty()) {
    const std::string_view x = take_line(a);
    const std::string_view y = take_line(b);
    if (x != y) return {std::string(x), std::string(y)};
  }
  return {};
}

bool stands_in(const ModelFile& file, const ParameterSpec& spec) {
  const TensorEntry* tensor = file.find(spec.name);
  return tensor != nullptr && tensor->shape == spec.shape;
}

bool predictions_fit(const ModelFile& file, const ParameterLayout& layout) {
  return std::ranges::all_of(layout.by_name(), [&](ParameterId id) {
    return !layout[id].name.starts_with(kPredictions) || stands_in(file, layout[id]);
  });
}

}  // namespace

void set_initial_weights(const ModelConfig& model, const TrainConfig& config, ParameterBlock& parameters) {
  initialize_parameters(parameters, static_cast<uint64_t>(config.seed));
  if (config.initial_model.empty()) return;
  const std::filesystem::path path = resolve_model_path(config.initial_model);
  ModelFile file = ModelFile::open(path);
  const auto [theirs, ours] = first_difference(architecture(file.info().model), architecture(model));
  if (theirs != ours) {
    throw ConfigError(
        fmt::format("{}: is another network than [model] of the recipe: \"{}\" in the file, \"{}\" in the "
                    "recipe; make [model] equal (wav2vec inspect shows that of the file)",
                    printable(path.string()), theirs, ours));
  }
  const ParameterLayout& layout = parameters.layout();
  const bool with_predictions = predictions_fit(file, layout);
  int64_t left_at_random = 0;
  for (const ParameterId id : layout.by_name()) {
    const ParameterSpec& spec = layout[id];
    const bool left_out = spec.name.starts_with(kPredictions)
                              ? !with_predictions
                              : spec.name.starts_with(kHead) && !stands_in(file, spec);
    if (left_out) {
      ++left_at_random;
      continue;
    }
    std::vector<float> values(static_cast<size_t>(spec.size));
    file.read(spec.name, spec.shape, values);
    from_checkpoint_order(spec, values, parameters[id]);
  }
  log_info(fmt::format("initial weights: {}{}", printable(path.string()),
                       left_at_random == 0 ? ""
                                           : fmt::format("; {} tensors on top of the network begin at random",
                                                         left_at_random)));
}

}  // namespace wav2vec
