// wav2vec inspect: what a file is, in a few lines.

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "commands.h"
#include "describe.h"
#include "wav2vec/core/duration.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/log.h"

namespace wav2vec::app {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::vector<std::string> files;
  bool json = false;
  bool tensors = false;
};

std::string text_of(const std::string& key, const Json& value) {
  if (key == "hours") {
    const double hours = value.get<double>();
    const std::string small = hours < 1.0 ? fmt::format(" ({})", format_audio_length(hours * 3600.0)) : "";
    return fmt::format("{:.4g}{}", hours, small);
  }
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (value.is_number_float()) return fmt::format("{:.6g}", value.get<double>());
  return printable(value.is_string() ? value.get<std::string>()
                                     : value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

/// Of a folder of features and of those of its layers.
std::vector<std::string> problems_in(const Json& facts) {
  std::vector<std::string> problems = facts.value("problems", std::vector<std::string>());
  if (!facts.contains("layers")) return problems;
  for (const auto& layer : facts["layers"])
    if (layer.contains("problems"))
      for (const auto& problem : layer["problems"]) problems.push_back(problem.get<std::string>());
  return problems;
}

void print_lines(const std::string& name, const Json& facts) {
  fmt::print("{}\n", printable(name));
  for (const auto& [key, value] : facts.items()) {
    if (key != "tensors") fmt::print("  {}: {}\n", key, text_of(key, value));
  }
  if (!facts.contains("tensors")) return;
  fmt::print("  tensors:\n");
  for (const auto& tensor : facts["tensors"])
    fmt::print("    {} {} {}\n", printable(tensor["name"].get<std::string>()),
               tensor["dtype"].get<std::string>(), tensor["shape"].dump());
}

ExitCode run(const Options& options) {
  ExitCode code = ExitCode::ok;
  Json all = Json::array();
  for (const std::string& file : options.files) {
    try {
      Json facts = describe_file(file, options.tensors);
      for (const std::string& problem : problems_in(facts)) {
        log_warning(problem);
        code = ExitCode::some_inputs_failed;
      }
      if (!options.json) print_lines(file, facts);
      facts["input"] = file;
      all.push_back(std::move(facts));
    } catch (const Error& error) {
      log_warning(error.what());
      code = ExitCode::some_inputs_failed;
    }
  }
  if (options.json) fmt::print("{}\n", all.dump(2, ' ', false, Json::error_handler_t::replace));
  return code;
}

}  // namespace

Command add_inspect(CLI::App& program) {
  CLI::App* app = program.add_subcommand("inspect", "Say what a file is: audio, manifest, model, features");
  auto options = std::make_shared<Options>();
  app->add_option("files", options->files,
                  "audio, manifests, models, run folders, files and folders of features, .onnx")
      ->required();
  app->add_flag("--tensors", options->tensors, "list the tensors of models, not only their number");
  app->add_flag("--json", options->json, "one JSON array on stdout");
  app->footer("Example:\n  wav2vec inspect runs/first train.tsv features/utt1.npy speech/utt1.flac");
  return {app, [options] { return run(*options); }};
}

}  // namespace wav2vec::app
