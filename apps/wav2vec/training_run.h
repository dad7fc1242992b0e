#pragma once
// What the commands that train a run have in common: options, recipe, and how they end.

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "wav2vec/config/recipe.h"
#include "wav2vec/core/exit_code.h"

namespace wav2vec::app {

struct TrainingRunOptions {
  std::string config;
  std::vector<std::string> overrides;
  std::vector<std::string> train;
  std::vector<std::string> valid;
  std::string out;
  bool resume = false;
};

/// --config, --set, --train, --valid, --out and --resume. `manifests`: what --train takes; `leaves`: what
/// --out holds afterwards.
void add_training_run_options(CLI::App& app, TrainingRunOptions& options, const std::string& manifests,
                              const std::string& leaves);

/// --config, or with --resume the recipe of the run. Throws ConfigError; `example`: a recipe to name there.
std::filesystem::path recipe_path(const TrainingRunOptions& options, std::string_view example);

/// The file, then the options, then --set.
template <class Recipe>
Recipe read_training_recipe(const TrainingRunOptions& options, std::string_view example) {
  Recipe recipe;
  read_recipe(recipe_path(options, example), recipe.sections());
  if (!options.train.empty()) recipe.data.train = options.train;
  if (!options.valid.empty()) recipe.data.valid = options.valid;
  for (const std::string& text : options.overrides) apply_override(text, recipe.sections());
  return recipe;
}

/// Ctrl-C lets the running update end.
void catch_stop_after_update();

/// How a run ended that has nothing more to say.
ExitCode tell_already_finished(const TrainingRunOptions& options, int64_t updates);
ExitCode tell_stopped(const TrainingRunOptions& options, std::string_view command, int64_t updates);
/// Inputs that were left out, at the end of a whole run.
ExitCode tell_left_out(const std::vector<std::string>& failures);

}  // namespace wav2vec::app
