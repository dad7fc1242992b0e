#include "wav2vec/probe/training_probe.h"

#include <fmt/format.h>

#include <limits>

#include "wav2vec/core/error.h"
#include "wav2vec/probe/probe_run.h"
#include "wav2vec/probe/probe_split.h"
#include "wav2vec/probe/probe_targets.h"

namespace wav2vec {
namespace {

ProbeRecipe recipe_of(const TrainingProbeConfig& config) {
  ProbeRecipe recipe;
  recipe.probe.task = ProbeTask::phone_frames;
  recipe.probe.inputs = {"z", "c"};
  recipe.probe.baseline = recipe.probe.inputs.front();
  recipe.probe.seeds = {1};
  recipe.data.train = config.train;
  recipe.data.minutes = config.minutes;
  recipe.data.test_fraction = 0.25;
  recipe.data.labels = config.labels;
  recipe.data.ignored_labels = config.ignored_labels;
  recipe.train.learning_rates = {config.learning_rate};
  recipe.train.updates = config.updates;
  recipe.train.evaluations = 1;
  return recipe;
}

}  // namespace

std::function<ProbeReading(const std::filesystem::path& model)> make_training_probe(
    const TrainingProbeConfig& config, std::function<bool()> stop_requested) {
  ProbeRecipe recipe = recipe_of(config);
  recipe.validate();
  // An hour into the training would be too late to hear that a manifest is missing.
  split_probe_data(recipe);
  probe_alignment(recipe);
  return [recipe, stop_requested](const std::filesystem::path& model) {
    const ProbeResults results =
        run_probe(recipe, {.model = model, .quiet = true, .stop_requested = stop_requested});
    ProbeReading reading{.values = {}, .error_rate = std::numeric_limits<double>::quiet_NaN()};
    for (const ProbeCell& cell : results.cells) {
      reading.values.emplace_back(fmt::format("{}_error_rate", cell.input), cell.scores[0].rate.value);
      if (cell.input == "c") reading.error_rate = cell.scores[0].rate.value;
    }
    return reading;
  };
}

}  // namespace wav2vec
