#include "extract_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "choices.h"
#include "shard.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"

namespace wav2vec::app {
namespace {

template <class Config>
RecipeSection section(std::string name, Config& config) {
  return {std::move(name), [&config](FieldVisitor& v) { config.visit(v); }};
}

void add_input_options(CLI::App& app, ExtractOptions& options) {
  app.add_option(
      "inputs", options.inputs,
      "audio files, folders, manifests (.tsv, .jsonl, .scp, Kaldi folder); - reads audio from stdin");
  app.add_option("--list", options.list, "file with one audio file per line; - reads the list from stdin");
  app.add_option("--id", options.id, "utterance id of the audio from stdin")->default_str("stdin");
  add_choice(app, "--channels", options.channels, kChannelPolicyNames, "which channel of several");
  app.add_flag("--strict-rate", options.strict_rate, "refuse audio of another rate instead of resampling");
  app.add_option("--sample-rate", options.sample_rate, "Hz, of fbank and mfcc (a model has its own)")
      ->default_str("16000")
      ->check(CLI::Range(kMinSampleRateHz, kMaxSampleRateHz));
}

void add_feature_options(CLI::App& app, ExtractOptions& options) {
  add_choice(app, "--features", options.features, kFeatureKindNames,
             "of a wav2vec model, or Kaldi's filter banks or MFCC");
  app.add_option("--model", options.model,
                 "run folder, checkpoint folder, model.safetensors, or a .pt file of fairseq or s3prl");
  app.add_option("--layer", options.layers,
                 "c: context network; z: encoder; encoder.I, context.I: block I; several with commas; all")
      ->default_str("c");
  add_choice(app, "--dtype", options.dtype, kDTypeChoiceNames,
             "f32; bf16: several times faster on all but short files, about 1 % away; auto: bf16 where the "
             "CPU has it");
  app.add_option("--window", options.window_seconds,
                 "approximate: seconds of the windows that are normalised each on its own; 0: exact")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  app.add_option("--window-context", options.window_context_seconds, "seconds read on both sides of a window")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
}

void add_postprocess_options(CLI::App& app, ExtractOptions& options) {
  add_choice(app, "--cmvn", options.postprocess.cmvn.cmvn, kCmvnKindNames,
             "subtract the mean of the utterance, its speaker, everything, or of the frames around");
  app.add_flag("--cmvn-vars", options.postprocess.cmvn.norm_vars, "divide by the standard deviation as well");
  app.add_option("--cmvn-stats", options.cmvn_statistics,
                 "with --cmvn global: statistics of this .npy file; written first if it does not exist");
  app.add_option("--deltas", options.postprocess.deltas.delta_order, "add differences up to this order");
  app.add_option("--left", options.postprocess.splice.left_context, "stack with this many frames before");
  app.add_option("--right", options.postprocess.splice.right_context, "stack with this many frames behind");
  app.add_option("--subsample", options.postprocess.subsample.subsample, "keep every n-th frame");
  add_set_option(app, options.overrides,
                 "KEY=VALUE of the sections fbank, mfcc and postprocess, for example fbank.num_mel_bins=80 "
                 "(docs/recipes.md)");
}

void add_output_options(CLI::App& app, ExtractOptions& options) {
  app.add_option("--out", options.out, "folder for the features and frames.json; - writes to stdout")
      ->required()
      ->check(not_empty());
  add_choice(app, "--format", options.format, kFeatureFormatNames, "see docs/formats.md");
  app.add_flag("--overwrite", options.overwrite,
               "do everything again; features of another kind or format in --out are removed");
  add_shard_option(app, options.shard, "of the inputs");
  app.add_option("--scratch", options.scratch,
                 "folder for scratch files of very long audio (default: TMPDIR)");
  add_memory_option(app, options.memory_gib);
  app.add_option("--decode-ahead", options.decode_ahead, "files decoded while others are computed")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  app.add_flag("--json", options.json, "the summary as one JSON object");
}

}  // namespace

void ExtractOptions::refuse_model_options() const {
  const std::string_view kind = kFeatureKindNames[static_cast<size_t>(features)];
  const auto refuse = [&](bool given, std::string_view option) {
    if (given)
      throw ConfigError(
          fmt::format("{} is for features of a wav2vec model, not for {}; leave it out", option, kind));
  };
  refuse(!model.empty(), "--model");
  refuse(!layers.empty(), "--layer");
  refuse(window_seconds > 0.0, "--window");
  refuse(dtype == DTypeChoice::bf16, "--dtype bf16");
}

void ExtractOptions::check_output() const {
  if (out == "-" && json) throw ConfigError("--json with --out -: both would go to stdout; leave one out");
  const bool from_stdin = std::ranges::find(inputs, "-") != inputs.end();
  if (!id.empty() && !from_stdin) throw ConfigError("--id names the audio from stdin; add the input -");
}

void ExtractOptions::check_cmvn() const {
  const CmvnKind kind = postprocess.cmvn.cmvn;
  if (postprocess.cmvn.norm_vars && kind == CmvnKind::none)
    throw ConfigError("--cmvn-vars goes with --cmvn: say whose variance");
  const bool shared = kind == CmvnKind::speaker || kind == CmvnKind::global;
  if (!cmvn_statistics.empty() && kind != CmvnKind::global)
    throw ConfigError("--cmvn-stats goes with --cmvn global");
  if (shard_of_process(shard).parts > 1 && shared && cmvn_statistics.empty())
    throw ConfigError(
        "--cmvn speaker or global with --shard: every process would read all the audio for its statistics; "
        "take "
        "--cmvn global with --cmvn-stats made by one process, or write without --cmvn");
}

void ExtractOptions::complete() {
  const RecipeSection sections[] = {section("fbank", fbank), section("mfcc", mfcc),
                                    section("postprocess", postprocess)};
  for (const std::string& text : overrides) {
    apply_override(text, sections);
    const std::string name = text.substr(0, text.find('.'));
    if (name != "postprocess" && name != kFeatureKindNames[static_cast<size_t>(features)])
      throw ConfigError(fmt::format("--set {}: goes with --features {}", printable(text), printable(name)));
  }
  postprocess.validate();
  if (inputs.empty() && list.empty()) throw ConfigError("nothing to extract: name audio files, or --list");
  if (!std::isfinite(window_seconds) || !std::isfinite(window_context_seconds))
    throw ConfigError("--window: not a number; give seconds, such as 10");
  if (features == FeatureKind::wav2vec) {
    if (model.empty())
      throw ConfigError("--model is missing; name a model, or take --features fbank or mfcc");
    if (sample_rate != 0)
      throw ConfigError("--sample-rate is for fbank and mfcc; a model has its own: leave it out");
  } else {
    refuse_model_options();
  }
  if (layers.empty()) layers = "c";
  if (sample_rate == 0) sample_rate = 16000;
  check_output();
  check_cmvn();
}

void add_extract_options(CLI::App& app, ExtractOptions& options) {
  add_input_options(app, options);
  add_feature_options(app, options);
  add_postprocess_options(app, options);
  add_output_options(app, options);
}

}  // namespace wav2vec::app
