#include "training_run.h"

#include <fmt/format.h>

#include "choices.h"
#include "stop_signal.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/log.h"

namespace wav2vec::app {

void add_training_run_options(CLI::App& app, TrainingRunOptions& options, const std::string& manifests,
                              const std::string& leaves) {
  app.add_option("--config", options.config, "recipe (TOML); with --resume: that of the run if left out");
  add_set_option(app, options.overrides, "override one key of the recipe: section.key=value");
  app.add_option("--train", options.train, manifests + " to train on, instead of data.train");
  app.add_option("--valid", options.valid, "manifests to validate on, instead of data.valid");
  app.add_option("--out", options.out, "run folder: " + leaves)->required()->check(not_empty());
  app.add_flag("--resume", options.resume, "go on from the newest good checkpoint in --out");
}

std::filesystem::path recipe_path(const TrainingRunOptions& options, std::string_view example) {
  std::filesystem::path path = options.config;
  if (path.empty() && options.resume) {
    path = std::filesystem::path(options.out) / "recipe.toml";
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored))
      throw ConfigError(fmt::format("{}: not found; correct --out, or give the run's recipe with --config",
                                    printable(path.string())));
  }
  if (path.empty()) throw ConfigError(fmt::format("--config is missing; for example --config {}", example));
  return path;
}

void catch_stop_after_update() {
  catch_stop_signals("stopping after this update and saving; Ctrl-C again ends at once without saving");
}

ExitCode tell_already_finished(const TrainingRunOptions& options, int64_t updates) {
  fmt::print("{}: already finished at update {}; train.max_updates above that goes on\n",
             printable(options.out), updates);
  return ExitCode::ok;
}

ExitCode tell_stopped(const TrainingRunOptions& options, std::string_view command, int64_t updates) {
  log_info(fmt::format("stopped at update {}, state saved; go on with: wav2vec {} --resume --out {}", updates,
                       command, printable(options.out)));
  return ExitCode::interrupted;
}

ExitCode tell_left_out(const std::vector<std::string>& failures) {
  if (failures.empty()) return ExitCode::ok;
  fmt::print("left out: {} inputs, listed on stderr\n", failures.size());
  return ExitCode::some_inputs_failed;
}

}  // namespace wav2vec::app
