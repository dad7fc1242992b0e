// wav2vec probe: what features are worth.

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "choices.h"
#include "commands.h"
#include "stop_signal.h"
#include "wav2vec/config/probe_recipe.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"
#include "wav2vec/core/log.h"
#include "wav2vec/probe/probe_report.h"
#include "wav2vec/probe/probe_run.h"

namespace wav2vec::app {
namespace {

struct Options {
  std::string config;
  std::vector<std::string> overrides;
  std::vector<std::string> train;
  std::vector<std::string> test;
  std::string labels;
  std::string lexicon;
  std::string model;
  std::string out;
  bool overwrite = false;
  bool allow_shifted_labels = false;
  bool json = false;
};

ProbeRecipe resolve_recipe(const Options& options) {
  ProbeRecipe recipe;
  read_recipe(options.config, recipe.sections());
  if (!options.train.empty()) recipe.data.train = options.train;
  if (!options.test.empty()) recipe.data.test = options.test;
  if (!options.labels.empty()) recipe.data.labels = options.labels;
  if (!options.lexicon.empty()) recipe.data.lexicon = options.lexicon;
  for (const std::string& text : options.overrides) apply_override(text, recipe.sections());
  recipe.validate();
  for (const ProbeInput& input : recipe.probe.parsed_inputs()) {
    if (input.of_network() && options.model.empty())
      throw ConfigError(
          fmt::format("--model is missing; the input \"{}\" is a layer of a model, leave it out "
                      "or name a run folder or checkpoint",
                      printable(input.name)));
  }
  return recipe;
}

// Before hours of work, not after.
void claim_folder(const Options& options) {
  make_writable_folder(options.out);
  std::error_code ignored;
  if (!options.overwrite &&
      std::filesystem::exists(std::filesystem::path(options.out) / "report.json", ignored))
    throw ConfigError(fmt::format("{}: holds a report already; choose another --out, or add --overwrite",
                                  printable(options.out)));
}

ExitCode run(const Options& options, const GlobalOptions& global) {
  const ProbeRecipe recipe = resolve_recipe(options);
  if (!options.out.empty()) claim_folder(options);
  catch_stop_signals("stopping; what is measured so far is reported. Ctrl-C again ends at once");
  const ProbeResults results = run_probe(recipe, {.model = options.model,
                                                  .command_line = global.command_line,
                                                  .allow_shifted_labels = options.allow_shifted_labels,
                                                  .stop_requested = stop_requested});
  for (const std::string& failure : results.failures) log_warning("failed: " + failure);
  if (!options.out.empty()) write_probe_report(options.out, results);
  fmt::print("{}\n", options.json ? probe_json(results) : probe_markdown(results));
  if (!options.out.empty()) log_info(fmt::format("report: {}/report.html", printable(options.out)));
  if (results.interrupted) return ExitCode::interrupted;
  return results.failures.empty() ? ExitCode::ok : ExitCode::some_inputs_failed;
}

}  // namespace

Command add_probe(CLI::App& program, const GlobalOptions& global) {
  CLI::App* app =
      program.add_subcommand("probe", "Measure what features are worth: error rates on few labels");
  auto options = std::make_shared<Options>();
  app->add_option("--config", options->config, "recipe (TOML)")->required()->check(not_empty());
  add_set_option(*app, options->overrides, "override one key of the recipe: section.key=value");
  app->add_option("--model", options->model, "run folder, checkpoint or file of the model to be measured");
  app->add_option("--train", options->train, "manifests to learn from, instead of data.train");
  app->add_option("--test", options->test, "manifests to test on, instead of data.test");
  app->add_option("--labels", options->labels,
                  "CTM with the times of phones or words, instead of data.labels");
  app->add_option("--lexicon", options->lexicon, "Kaldi's lexicon.txt, instead of data.lexicon");
  app->add_option("--out", options->out, "folder for report.html, report.md and report.json");
  app->add_flag("--overwrite", options->overwrite, "replace the report that stands in --out");
  app->add_flag("--allow-shifted-labels", options->allow_shifted_labels,
                "measure even if the labels lie shifted against the audio");
  app->add_flag("--json", options->json, "JSON on stdout instead of a table");
  app->footer(
      "Example:\n"
      "  wav2vec probe --config recipes/probe/phones.toml --model runs/first --train speech/manifest.tsv \\\n"
      "    --labels speech/phones.ctm --out probes/phones\n"
      "Every input gets the same head, the same learning rates to choose from and the same utterances; test\n"
      "speakers are in neither training nor selection. Intervals are 95 % over speakers. Ctrl-C reports what "
      "is done.");
  return {app, [options, &global] { return run(*options, global); }};
}

}  // namespace wav2vec::app
