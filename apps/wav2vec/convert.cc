// wav2vec convert: a model in the files of other programs.

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "choices.h"
#include "commands.h"
#include "stop_signal.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/log.h"
#include "wav2vec/io/checkpoint.h"
#include "wav2vec/io/model_export.h"
#include "wav2vec/io/onnx_model.h"

namespace wav2vec::app {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string in;
  std::string out;
  ExportDtype dtype = ExportDtype::f32;
  bool force = false;
};

/// What is written is told by the extension of OUT.
struct Target {
  std::string_view extension;
  void (*write)(ModelFile& model, const fs::path& path, ExportDtype dtype);
};
void export_onnx(ModelFile& model, const fs::path& path, ExportDtype dtype) {
  if (dtype != ExportDtype::f32)
    throw ConfigError("--dtype f16: ONNX files are written in f32; leave it out");
  write_onnx_model(path, model);
}

constexpr Target kTargets[] = {
    {".safetensors", export_safetensors},
    {".pt", export_torch},
    {".onnx", export_onnx},
};

const Target& target_of(const fs::path& out) {
  std::string known;
  for (const Target& target : kTargets) {
    if (out.extension() == target.extension) return target;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", target.extension);
  }
  throw ConfigError(fmt::format("OUT {}: its extension decides what is written; known are {}",
                                printable(out.string()), known));
}

ExitCode run(const Options& options) {
  const fs::path out = options.out;
  const Target& target = target_of(out);
  std::error_code ignored;
  if (!options.force && fs::exists(fs::symlink_status(out, ignored)))
    throw ConfigError(
        fmt::format("{}: exists; choose another name or give --force", printable(out.string())));
  ModelFile model = ModelFile::open(resolve_model_path(options.in));
  log_info(fmt::format("{}: {}", printable(model.path().string()), model.format()));
  for (const std::string& name : model.unused()) log_info(fmt::format("not converted: {}", printable(name)));
  const bool without_head = model.info().head && target.write != export_safetensors;
  if (without_head) log_warning("the head is left out: only the wav2vec network below it is converted");
  if (stop_requested()) return ExitCode::interrupted;
  target.write(model, out, options.dtype);
  const auto written = std::ranges::count_if(
      model.tensors(), [&](const TensorEntry& tensor) { return !(without_head && is_of_head(tensor)); });
  log_info(fmt::format("{}: {} tensors in {}", printable(out.string()), written,
                       kExportDtypeNames[static_cast<size_t>(options.dtype)]));
  return stop_requested() ? ExitCode::interrupted : ExitCode::ok;
}

}  // namespace

Command add_convert(CLI::App& program) {
  CLI::App* app = program.add_subcommand("convert", "Write a model in the file of another program");
  auto options = std::make_shared<Options>();
  app->add_option("in", options->in,
                  "run folder, checkpoint folder, .safetensors, or a .pt of fairseq or s3prl")
      ->required()
      ->check(not_empty());
  app->add_option(
         "out", options->out,
         "file; its extension decides: .safetensors (every command reads it), .pt (fairseq's layout), .onnx")
      ->required()
      ->check(not_empty());
  add_choice(*app, "--dtype", options->dtype, kExportDtypeNames, "type of the values");
  app->add_flag("--force", options->force, "replace OUT if it exists");
  app->footer("Example:\n  wav2vec convert wav2vec_large.pt wav2vec_large.safetensors");
  return {app, [options] {
            catch_stop_signals("stopping when OUT is written; Ctrl-C again ends at once");
            return run(*options);
          }};
}

}  // namespace wav2vec::app
