// wav2vec pretrain: learn from raw audio.

#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <vector>

#include "commands.h"
#include "stop_signal.h"
#include "training_run.h"
#include "wav2vec/config/pretrain_recipe.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/log.h"
#include "wav2vec/probe/training_probe.h"
#include "wav2vec/train/job.h"
#include "wav2vec/train/pretrainer.h"

namespace wav2vec::app {
namespace {

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

ExitCode run(const TrainingRunOptions& options, const GlobalOptions& global) {
  const auto recipe = read_training_recipe<PretrainRecipe>(options, "recipes/pretrain/demo.toml");
  recipe.validate();
  catch_stop_after_update();
  const std::unique_ptr<Communicator> communicator = join_job();
  const bool speaks = communicator->rank() == 0;
  if (!speaks) set_log_level(LogLevel::quiet);
  const PretrainResult result = pretrain(recipe,
                                         {.run_folder = options.out,
                                          .resume = options.resume,
                                          .command_line = global.command_line,
                                          .probe = probe_of(recipe.probe),
                                          .stop_requested = stop_requested},
                                         *communicator);
  if (!speaks) return ExitCode::ok;  // rank 0 has heard of all that failed
  if (result.already_finished) return tell_already_finished(options, result.updates);
  for (const std::string& failure : result.failures) log_warning("failed: " + failure);
  if (result.interrupted) return tell_stopped(options, "pretrain", result.updates);
  const std::string folder = printable(options.out);
  fmt::print("{}: {} updates, {}; report: {}/report.html\n", folder, result.updates,
             result_summary(result, recipe.probe.best_by), folder);
  return tell_left_out(result.failures);
}

}  // namespace

Command add_pretrain(CLI::App& program, const GlobalOptions& global) {
  CLI::App* app = program.add_subcommand("pretrain", "Learn speech representations from raw audio");
  auto options = std::make_shared<TrainingRunOptions>();
  add_training_run_options(*app, *options, "manifests", "checkpoints, metrics, report");
  app->footer(
      "Example:\n"
      "  wav2vec manifest speech/ -o train.tsv\n"
      "  wav2vec pretrain --config recipes/pretrain/small-cpu.toml --train train.tsv --out runs/first\n"
      "  wav2vec pretrain --resume --out runs/first\n"
      "Ctrl-C stops after the running update, saves and exits (code 8); --resume continues bit for bit.\n"
      "On several hosts or NUMA nodes, where train.accumulate_batches is at least the number of ranks:\n"
      "  mpirun -n 4 wav2vec pretrain ...           the same run, the same bits (docs/distributed.md)\n"
      "A second Ctrl-C ends at once without saving; --resume then starts from the last checkpoint.");
  return {app, [options, &global] { return run(*options, global); }};
}

}  // namespace wav2vec::app
