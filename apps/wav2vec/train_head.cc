// wav2vec train-head: learn which character is spoken when.

#include <fmt/format.h>

#include <cmath>
#include <memory>

#include "commands.h"
#include "stop_signal.h"
#include "training_run.h"
#include "wav2vec/config/head_recipe.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/log.h"
#include "wav2vec/head/head_trainer.h"

namespace wav2vec::app {
namespace {

struct Options {
  TrainingRunOptions run;
  std::string model;
};

HeadRecipe resolve_recipe(const Options& options) {
  auto recipe = read_training_recipe<HeadRecipe>(options.run, "recipes/head/english.toml");
  if (!options.model.empty()) recipe.train.initial_model = options.model;
  recipe.validate();
  return recipe;
}

std::string result_summary(const HeadTrainingResult& result) {
  if (!std::isfinite(result.best_match_auc)) return "not validated";
  std::string text =
      fmt::format("texts told apart with an AUC of {:.3f} (best {:.3f}), {:.1f} % wrong characters",
                  result.last.match_auc, result.best_match_auc, 100.0 * result.last.character_error_rate);
  if (result.last.words > 0) {
    text += fmt::format(", words begin {:.0f} ms and end {:.0f} ms from their given times",
                        1e3 * result.last.start_error_seconds, 1e3 * result.last.end_error_seconds);
  }
  return text;
}

ExitCode run(const Options& options) {
  const HeadRecipe recipe = resolve_recipe(options);
  catch_stop_after_update();
  const HeadTrainingResult result = train_alignment_head(
      recipe,
      {.run_folder = options.run.out, .resume = options.run.resume, .stop_requested = stop_requested});
  if (result.already_finished) return tell_already_finished(options.run, result.updates);
  for (const std::string& failure : result.failures) log_warning("failed: " + failure);
  if (result.interrupted) return tell_stopped(options.run, "train-head", result.updates);
  fmt::print("{}: {} updates, {}\n", printable(options.run.out), result.updates, result_summary(result));
  return tell_left_out(result.failures);
}

}  // namespace

Command add_train_head(CLI::App& program) {
  CLI::App* app = program.add_subcommand("train-head", "Learn which character is spoken when, for align");
  auto options = std::make_shared<Options>();
  add_training_run_options(*app, options->run, "manifests with texts", "checkpoints, metrics");
  app->add_option("--model", options->model, "network to begin with, instead of train.initial_model");
  app->footer(
      "Example:\n"
      "  wav2vec train-head --config recipes/head/english.toml --model runs/first --train train.tsv --out "
      "runs/head\n"
      "  wav2vec align speech.wav text.txt --model runs/head -o speech.TextGrid\n"
      "Ctrl-C stops after the running update, saves and exits (code 8); --resume continues bit for bit.");
  return {app, [options] { return run(*options); }};
}

}  // namespace wav2vec::app
