// wav2vec train-head: learn which character is spoken when.

#include <fmt/format.h>

#include <cmath>
#include <memory>

#include "choices.h"
#include "commands.h"
#include "stop_signal.h"
#include "wav2vec/config/head_recipe.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/log.h"
#include "wav2vec/head/head_trainer.h"

namespace wav2vec::app {
namespace {

struct Options {
  std::string config;
  std::vector<std::string> overrides;
  std::vector<std::string> train;
  std::vector<std::string> valid;
  std::string model;
  std::string out;
  bool resume = false;
};

HeadRecipe resolve_recipe(const Options& options) {
  HeadRecipe recipe;
  std::filesystem::path path = options.config;
  if (path.empty() && options.resume) path = std::filesystem::path(options.out) / "recipe.toml";
  if (path.empty()) throw ConfigError("--config is missing; for example --config recipes/head/english.toml");
  read_recipe(path, recipe.sections());
  if (!options.train.empty()) recipe.data.train = options.train;
  if (!options.valid.empty()) recipe.data.valid = options.valid;
  if (!options.model.empty()) recipe.train.initial_model = options.model;
  for (const std::string& text : options.overrides) apply_override(text, recipe.sections());
  recipe.validate();
  return recipe;
}

ExitCode run(const Options& options) {
  const HeadRecipe recipe = resolve_recipe(options);
  catch_stop_signals("stopping after this update and saving; Ctrl-C again ends at once without saving");
  const HeadTrainingResult result = train_alignment_head(
      recipe, {.run_folder = options.out, .resume = options.resume, .stop_requested = stop_requested});
  const std::string folder = printable(options.out);
  if (result.already_finished) {
    fmt::print("{}: already finished at update {}; train.max_updates above that goes on\n", folder,
               result.updates);
    return ExitCode::ok;
  }
  for (const std::string& failure : result.failures) log_warning("failed: " + failure);
  if (result.interrupted) {
    log_info(
        fmt::format("stopped at update {}, state saved; go on with: wav2vec train-head --resume --out {}",
                    result.updates, folder));
    return ExitCode::interrupted;
  }
  fmt::print("{}: {} updates", folder, result.updates);
  if (std::isfinite(result.best_match_auc)) {
    fmt::print(", texts told apart with an AUC of {:.3f} (best {:.3f}), {:.1f} % wrong characters",
               result.last.match_auc, result.best_match_auc, 100.0 * result.last.character_error_rate);
    if (result.last.words > 0) {
      fmt::print(", words begin {:.0f} ms and end {:.0f} ms from their given times",
                 1e3 * result.last.start_error_seconds, 1e3 * result.last.end_error_seconds);
    }
  }
  fmt::print("\n");
  if (result.failures.empty()) return ExitCode::ok;
  fmt::print("left out: {} inputs, listed on stderr\n", result.failures.size());
  return ExitCode::some_inputs_failed;
}

}  // namespace

Command add_train_head(CLI::App& program) {
  CLI::App* app = program.add_subcommand("train-head", "Learn which character is spoken when, for align");
  auto options = std::make_shared<Options>();
  app->add_option("--config", options->config, "recipe (TOML); with --resume: that of the run if left out");
  add_set_option(*app, options->overrides, "override one key of the recipe: section.key=value");
  app->add_option("--model", options->model, "network to begin with, instead of train.initial_model");
  app->add_option("--train", options->train, "manifests with texts to train on, instead of data.train");
  app->add_option("--valid", options->valid, "manifests to validate on, instead of data.valid");
  app->add_option("--out", options->out, "run folder: checkpoints, metrics")->required()->check(not_empty());
  app->add_flag("--resume", options->resume, "go on from the newest good checkpoint in --out");
  app->footer(
      "Example:\n"
      "  wav2vec train-head --config recipes/head/english.toml --model runs/first --train train.tsv --out "
      "runs/head\n"
      "  wav2vec align speech.wav text.txt --model runs/head -o speech.TextGrid\n"
      "Ctrl-C stops after the running update, saves and exits (code 8); --resume continues bit for bit.");
  return {app, [options] { return run(*options); }};
}

}  // namespace wav2vec::app
