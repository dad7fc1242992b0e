// wav2vec pretrain: learn from raw audio.

#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <vector>

#include "choices.h"
#include "commands.h"
#include "stop_signal.h"
#include "wav2vec/config/pretrain_recipe.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/log.h"
#include "wav2vec/probe/training_probe.h"
#include "wav2vec/train/pretrainer.h"

namespace wav2vec::app {
namespace {

struct Options {
  std::string config;
  std::vector<std::string> overrides;
  std::vector<std::string> train;
  std::vector<std::string> valid;
  std::string out;
  bool resume = false;
};

PretrainRecipe resolve_recipe(const Options& options) {
  PretrainRecipe recipe;
  std::filesystem::path path = options.config;
  if (path.empty() && options.resume) {
    path = std::filesystem::path(options.out) / "recipe.toml";
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored))
      throw ConfigError(fmt::format("{}: not found; correct --out, or give the run's recipe with --config",
                                    printable(path.string())));
  }
  if (path.empty()) throw ConfigError("--config is missing; for example --config recipes/pretrain/demo.toml");
  read_recipe(path, recipe.sections());
  if (!options.train.empty()) recipe.data.train = options.train;
  if (!options.valid.empty()) recipe.data.valid = options.valid;
  for (const std::string& text : options.overrides) apply_override(text, recipe.sections());
  recipe.validate();
  return recipe;
}

std::string result_summary(const PretrainResult& result, BestBy best_by) {
  std::string text = std::isfinite(result.last_valid_bits)
                         ? fmt::format("validation loss {:.4f} bits", result.last_valid_bits)
                         : "not validated";
  if (!std::isfinite(result.best_measure)) return text;
  return text + (best_by == BestBy::loss
                     ? fmt::format(" (best {:.4f})", result.best_measure)
                     : fmt::format(", best probe {:.1f} % errors", 100.0 * result.best_measure));
}

std::function<ProbeReading(const std::filesystem::path&)> probe_of(const TrainingProbeConfig& config) {
  return config.enabled() ? make_training_probe(config, stop_requested) : nullptr;
}

ExitCode run(const Options& options, const GlobalOptions& global) {
  const PretrainRecipe recipe = resolve_recipe(options);
  catch_stop_signals("stopping after this update and saving; Ctrl-C again ends at once without saving");
  SingleProcess communicator;
  const PretrainResult result = pretrain(recipe,
                                         {.run_folder = options.out,
                                          .resume = options.resume,
                                          .command_line = global.command_line,
                                          .probe = probe_of(recipe.probe),
                                          .stop_requested = stop_requested},
                                         communicator);
  const std::string folder = printable(options.out);
  if (result.already_finished) {
    fmt::print("{}: already finished at update {}; train.max_updates above that goes on\n", folder,
               result.updates);
    return ExitCode::ok;
  }
  for (const std::string& failure : result.failures) log_warning("failed: " + failure);
  if (result.interrupted) {
    log_info(fmt::format("stopped at update {}, state saved; go on with: wav2vec pretrain --resume --out {}",
                         result.updates, folder));
    return ExitCode::interrupted;
  }
  fmt::print("{}: {} updates, {}; report: {}/report.html\n", folder, result.updates,
             result_summary(result, recipe.probe.best_by), folder);
  if (result.failures.empty()) return ExitCode::ok;
  fmt::print("left out: {} inputs, listed on stderr\n", result.failures.size());
  return ExitCode::some_inputs_failed;
}

}  // namespace

Command add_pretrain(CLI::App& program, const GlobalOptions& global) {
  CLI::App* app = program.add_subcommand("pretrain", "Learn speech representations from raw audio");
  auto options = std::make_shared<Options>();
  app->add_option("--config", options->config, "recipe (TOML); with --resume: that of the run if left out");
  add_set_option(*app, options->overrides, "override one key of the recipe: section.key=value");
  app->add_option("--train", options->train, "manifests to train on, instead of data.train");
  app->add_option("--valid", options->valid, "manifests to validate on, instead of data.valid");
  app->add_option("--out", options->out, "run folder: checkpoints, metrics, report")
      ->required()
      ->check(not_empty());
  app->add_flag("--resume", options->resume, "go on from the newest good checkpoint in --out");
  app->footer(
      "Example:\n"
      "  wav2vec manifest speech/ -o train.tsv\n"
      "  wav2vec pretrain --config recipes/pretrain/small-cpu.toml --train train.tsv --out runs/first\n"
      "  wav2vec pretrain --resume --out runs/first\n"
      "Ctrl-C stops after the running update, saves and exits (code 8); --resume continues bit for bit.\n"
      "A second Ctrl-C ends at once without saving; --resume then starts from the last checkpoint.");
  return {app, [options, &global] { return run(*options, global); }};
}

}  // namespace wav2vec::app
