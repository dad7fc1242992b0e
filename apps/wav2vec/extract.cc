// wav2vec extract: features of audio files, one matrix [frames, channels] each.

#include <fmt/format.h>

#include <memory>
#include <vector>

#include "choices.h"
#include "commands.h"
#include "stop_signal.h"
#include "wav2vec/audio/audio_reader.h"
#include "wav2vec/audio/resampler.h"
#include "wav2vec/core/duration.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/log.h"
#include "wav2vec/data/inputs.h"
#include "wav2vec/extract/windowed.h"
#include "wav2vec/io/feature_writer.h"
#include "wav2vec/nn/packed_weights.h"
#include "wav2vec/train/progress.h"

namespace wav2vec::app {
namespace {

struct Options {
  std::string model;
  std::vector<std::string> inputs;
  std::string out;
  FeatureFormat format = FeatureFormat::npy;
  std::string layer = "c";
  std::string scratch;
  double window_seconds = 0.0;  // 0: exact
  double window_context_seconds = 1.0;
  bool strict_rate = false;
  ChannelPolicy channels = ChannelPolicy::mean;
  DTypeChoice dtype = DTypeChoice::f32;
};

void write_contract(const Options& options, const FeatureExtractor& extractor, LayerId layer) {
  const FrameGeometry geometry = layer_geometry(extractor.info().model, layer);
  const auto rate = static_cast<double>(extractor.info().sample_rate_hz);
  write_feature_contract(options.out,
                         {.sample_rate_hz = extractor.info().sample_rate_hz,
                          .hop_samples = geometry.hop_samples,
                          .receptive_field_samples = geometry.receptive_field_samples,
                          .first_frame_center_seconds = geometry.center_sample_of(0) / rate,
                          .layer = layer_name(layer),
                          .channels = extractor.channels(layer),
                          .model = extractor.model_path().string(),
                          .model_hash = extractor.model_hash(),
                          .resampler = resampler_description(),
                          .dtype = std::string(kDTypeNames[static_cast<size_t>(extractor.dtype())])});
}

// Frames written; throws what is wrong with this utterance.
int64_t extract_one(const Utterance& u, const Options& options, FeatureExtractor& extractor, LayerId layer,
                    FeatureWriter& writer, double& audio_seconds) {
  const Waveform wave = read_audio(u.audio,
                                   {.sample_rate_hz = extractor.info().sample_rate_hz,
                                    .strict_rate = options.strict_rate,
                                    .channels = options.channels},
                                   u.start_seconds, u.duration_seconds);
  try {
    int64_t frames = 0;
    const auto deliver = [&](size_t, const FeatureRows& rows) {
      std::vector<float> values(static_cast<size_t>(rows.frames * rows.channels));
      rows.read(0, rows.frames, values.data());
      writer.write(u.id, values.data(), rows.frames, rows.channels);
      frames = rows.frames;
    };
    const WaveformSource source = waveform_in_memory(wave.samples);
    if (options.window_seconds > 0.0) {
      extract_windows(extractor, source, {&layer, 1},
                      {options.window_seconds, options.window_context_seconds}, deliver);
    } else {
      extractor.extract(source, {&layer, 1}, deliver);
    }
    audio_seconds += static_cast<double>(wave.samples.size()) / static_cast<double>(wave.sample_rate_hz);
    return frames;
  } catch (const DataError& error) {
    throw DataError(fmt::format("{}: {}", printable(u.audio.string()), error.what()));
  }
}

// A bad model is no bad input of several: nothing can be extracted.
FeatureExtractor open_model(const Options& options) {
  try {
    return FeatureExtractor(options.model, resolve_dtype(options.dtype), {.folder = options.scratch});
  } catch (const DataError& error) {
    throw CheckpointError(error.what());
  }
}

LayerId one_layer(const FeatureExtractor& extractor, const Options& options) {
  const std::vector<LayerId> layers = parse_layers(extractor.info().model, options.layer);
  if (layers.size() == 1) return layers.front();
  throw ConfigError(fmt::format("--layer {}: several layers; name one", printable(options.layer)));
}

ExitCode run(const Options& options) {
  catch_stop_signals("stopping after this file; Ctrl-C again ends at once");
  FeatureExtractor extractor = open_model(options);
  const LayerId layer = one_layer(extractor, options);
  CollectedInputs inputs = collect_inputs(options.inputs);
  std::vector<std::string> failures = std::move(inputs.failures);
  const std::vector<Utterance>& utterances = inputs.manifest.utterances;
  const auto writer = make_feature_writer(options.format, options.out);
  Progress progress("extract", "files", static_cast<int64_t>(utterances.size()));
  double audio_seconds = 0.0;
  int64_t frames = 0;
  int64_t done = 0;
  int64_t written = 0;
  for (const Utterance& u : utterances) {
    if (stop_requested()) break;
    try {
      frames += extract_one(u, options, extractor, layer, *writer, audio_seconds);
      ++written;
    } catch (const DataError& error) {
      failures.emplace_back(error.what());
    }
    progress.update(++done, "", audio_seconds);
  }
  writer->close();
  write_contract(options, extractor, layer);
  progress.finish();

  fmt::print("{}: {} utterances, {} frames of {} {} in {}, {} of audio\n", printable(options.out), written,
             frames, extractor.channels(layer), layer_name(layer),
             kDTypeNames[static_cast<size_t>(extractor.dtype())], format_audio_length(audio_seconds));
  for (const std::string& failure : failures) log_warning("failed: " + failure);
  if (stop_requested()) return ExitCode::interrupted;
  if (!failures.empty()) {
    fmt::print("failed: {} inputs, listed on stderr\n", failures.size());
    return ExitCode::some_inputs_failed;
  }
  return ExitCode::ok;
}

}  // namespace

Command add_extract(CLI::App& program) {
  CLI::App* app = program.add_subcommand("extract", "Write the features of audio files");
  auto options = std::make_shared<Options>();
  app->add_option("--model", options->model, "run folder, checkpoint folder or model.safetensors")
      ->required();
  app->add_option("inputs", options->inputs, "audio files, folders, manifests (.tsv, .jsonl, Kaldi folder)")
      ->required();
  app->add_option("--out", options->out, "folder for the features and frames.json")
      ->required()
      ->check(not_empty());
  add_choice(*app, "--format", options->format, kFeatureFormatNames,
             "npy: one file per utterance; ark: Kaldi's feats.ark and feats.scp");
  app->add_option("--layer", options->layer,
                  "c: context network; z: encoder; encoder.<i>, context.<i>: one of their blocks, from 0")
      ->capture_default_str();
  add_choice(*app, "--channels", options->channels, kChannelPolicyNames, "which channel of several");
  add_choice(*app, "--dtype", options->dtype, kDTypeChoiceNames,
             "f32; bf16: several times faster on all but short files, about 1 % away; auto: bf16 where the "
             "CPU has it");
  app->add_option("--window", options->window_seconds,
                  "approximate: seconds of the windows that are normalised each on its own; 0: exact")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  app->add_option("--window-context", options->window_context_seconds,
                  "seconds that a window reads beyond itself on both sides")
      ->capture_default_str();
  app->add_option("--scratch", options->scratch,
                  "folder for the activations of long audio (default: $TMPDIR or the system's)");
  app->add_flag("--strict-rate", options->strict_rate, "refuse audio of another rate instead of resampling");
  app->footer(
      "Example:\n"
      "  wav2vec extract --model runs/first --layer c --format npy --out features/ speech/\n"
      "  python3 -c \"import numpy; print(numpy.load('features/utt1.npy').shape)\"\n"
      "Row t is the frame centred at first_frame_center_seconds + t * hop (frames.json).");
  return {app, [options] { return run(*options); }};
}

}  // namespace wav2vec::app
