// wav2vec extract: features of audio files, one matrix [frames, channels] each.

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "choices.h"
#include "commands.h"
#include "extract_inputs.h"
#include "extract_options.h"
#include "extract_outputs.h"
#include "stop_signal.h"
#include "wav2vec/core/duration.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/log.h"
#include "wav2vec/extract/extraction.h"
#include "wav2vec/extract/postprocess.h"
#include "wav2vec/extract/shared_statistics.h"
#include "wav2vec/nn/packed_weights.h"
#include "wav2vec/train/progress.h"

namespace wav2vec::app {
namespace {

namespace fs = std::filesystem;

/// What computes the features; the source refers to the extractor.
struct Features {
  std::unique_ptr<FeatureExtractor> extractor;  // of a wav2vec model
  FeatureSource source;
};

// A bad model is no bad input of several: nothing can be extracted.
std::unique_ptr<FeatureExtractor> open_model(const ExtractOptions& options) {
  try {
    return std::make_unique<FeatureExtractor>(
        options.model, resolve_dtype(options.dtype),
        ScratchLimits{.memory_bytes = bytes_of_gib(options.memory_gib), .folder = options.scratch});
  } catch (const DataError& error) {
    throw CheckpointError(error.what());
  }
}

Features make_features(const ExtractOptions& options) {
  if (options.features == FeatureKind::fbank)
    return {nullptr, fbank_features(options.fbank, options.sample_rate)};
  if (options.features == FeatureKind::mfcc)
    return {nullptr, mfcc_features(options.mfcc, options.sample_rate)};
  std::optional<WindowOptions> window;
  if (options.window_seconds > 0.0) window = {options.window_seconds, options.window_context_seconds};
  std::unique_ptr<FeatureExtractor> extractor = open_model(options);
  const std::vector<LayerId> layers = parse_layers(extractor->info().model, options.layers);
  if (layers.size() > 1 && options.out == "-")
    throw ConfigError("--out - takes one layer; name one with --layer, or a folder with --out");
  FeatureSource source = model_features(*extractor, layers, window);
  return {std::move(extractor), std::move(source)};
}

struct Work {
  std::vector<Utterance> utterances;
  int64_t standing = 0;  // done by an earlier run
};

// Takes out what stands already, and what no file can be named after.
Work left_to_do(std::vector<Utterance> all, ExtractOutputs& outputs, std::vector<std::string>& failures) {
  Work work;
  for (Utterance& u : all) {
    try {
      if (outputs.stands(u.id)) {
        ++work.standing;
      } else {
        work.utterances.push_back(std::move(u));
      }
    } catch (const DataError& error) {
      failures.emplace_back(error.what());
    }
  }
  return work;
}

class Extraction {
 public:
  explicit Extraction(const ExtractOptions& options)
      : options_(options),
        features_(make_features(options)),
        run_{.audio = {.sample_rate_hz = features_.source.sample_rate_hz,
                       .strict_rate = options.strict_rate,
                       .channels = options.channels},
             .scratch_folder = options.scratch,
             .decode_ahead = options.decode_ahead} {}

  ExitCode run() {
    ExtractInputs inputs(options_);
    const std::vector<Utterance>& all = inputs.collected().manifest.utterances;
    std::vector<std::string> failures = std::move(inputs.collected().failures);
    // Over everything that is named, whatever stands already: they must be those of the first run.
    if (needs_shared_statistics(options_.postprocess.cmvn)) statistics_ = shared_statistics(all);
    if (stop_requested()) return ExitCode::interrupted;
    const std::vector<FeatureContract> contracts = output_contracts();
    ExtractOutputs outputs(options_, contracts);
    const ExtractOptions::Shard shard = options_.parsed_shard();
    const Work work = left_to_do(shard_of(all, shard.index - 1, shard.count), outputs, failures);
    int64_t frames = 0;
    const ConsumeFeatures write = [&](const Utterance& u, size_t which, const FeatureRows& raw) {
      const FeatureRows rows = postprocess(raw, options_.postprocess, statistics_of(u, which));
      outputs.write(which, u, rows);
      frames += rows.frames;
    };
    ExtractionResult result = extract("extract", work.utterances, write);
    std::ranges::move(result.failures, std::back_inserter(failures));
    const std::vector<std::string> unwritten = outputs.close();
    result.utterances -= std::ssize(unwritten);
    std::ranges::copy(unwritten, std::back_inserter(failures));
    tell(result, work.standing, frames, failures, contracts);
    if (stop_requested()) return ExitCode::interrupted;
    return failures.empty() ? ExitCode::ok : ExitCode::some_inputs_failed;
  }

 private:
  ExtractionResult extract(std::string_view label, std::span<const Utterance> utterances,
                           const ConsumeFeatures& consume) const {
    Progress progress(label, "files", std::ssize(utterances));
    return extract_utterances(utterances, features_.source, run_, consume,
                              [&](int64_t done, double audio_seconds) {
                                progress.update(done, "", audio_seconds);
                                return !stop_requested();
                              });
  }

  // Of every matrix. What fails here fails again, and is told, when features are written.
  std::vector<SharedStatistics> shared_statistics(std::span<const Utterance> utterances) const {
    std::vector<SharedStatistics> all(features_.source.contracts.size());
    const fs::path stored = options_.cmvn_statistics;
    std::error_code ignored;  // what is there and cannot be read is refused below
    if (!stored.empty() && fs::status(stored, ignored).type() != fs::file_type::not_found) {
      if (all.size() > 1)
        throw ConfigError("--cmvn-stats holds the statistics of one layer; extract one at a time");
      all[0][""] = read_cmvn_statistics(stored, features_.source.contracts[0].channels);
      return all;
    }
    const CmvnKind kind = options_.postprocess.cmvn.cmvn;
    extract("statistics", utterances, [&](const Utterance& u, size_t which, const FeatureRows& rows) {
      all[which][statistics_key(kind, u)].add(rows);
    });
    if (!stored.empty() && !stop_requested()) write_cmvn_statistics(stored, all[0][""]);
    return all;
  }

  std::vector<FeatureContract> output_contracts() const {
    std::vector<FeatureContract> contracts;
    for (const FeatureContract& contract : features_.source.contracts)
      contracts.push_back(postprocess(contract, options_.postprocess));
    for (size_t i = 0; i < statistics_.size(); ++i)
      contracts[i].postprocess += " statistics=" + statistics_hash(statistics_[i]);
    return contracts;
  }

  const CmvnStatistics* statistics_of(const Utterance& u, size_t which) const {
    if (statistics_.empty()) return nullptr;
    return &statistics_[which].at(statistics_key(options_.postprocess.cmvn.cmvn, u));
  }

  void tell(const ExtractionResult& result, int64_t standing, int64_t frames,
            const std::vector<std::string>& failures, std::span<const FeatureContract> contracts) const {
    for (const std::string& failure : failures) log_warning("failed: " + failure);
    std::string layers;
    for (const FeatureContract& contract : contracts) layers += (layers.empty() ? "" : ",") + contract.layer;
    if (options_.json && options_.out != "-") {
      const nlohmann::ordered_json json{{"out", options_.out},  {"utterances", result.utterances},
                                        {"standing", standing}, {"failed", failures.size()},
                                        {"frames", frames},     {"channels", contracts.front().channels},
                                        {"layers", layers},     {"audio_seconds", result.audio_seconds},
                                        {"failures", failures}};
      fmt::print("{}\n", json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
      return;
    }
    const std::string width = contracts.size() > 1 ? "" : fmt::format("{} ", contracts.front().channels);
    const std::string line =
        fmt::format("{}: {} utterances, {} frames of {}{} in {}, {} of audio{}", printable(options_.out),
                    result.utterances, frames, width, layers, contracts.front().dtype,
                    format_audio_length(result.audio_seconds),
                    standing > 0 ? fmt::format("; {} stood there already", standing) : "");
    if (options_.out == "-") return log_info(line);
    fmt::print("{}\n", line);
    if (!failures.empty()) fmt::print("failed: {} inputs, listed on stderr\n", failures.size());
  }

  const ExtractOptions& options_;
  Features features_;
  ExtractionOptions run_;
  std::vector<SharedStatistics> statistics_;  // by matrix; empty where none are needed
};

}  // namespace

Command add_extract(CLI::App& program) {
  CLI::App* app = program.add_subcommand("extract", "Write the features of audio files");
  auto options = std::make_shared<ExtractOptions>();
  add_extract_options(*app, *options);
  app->footer(
      "Example:\n"
      "  wav2vec extract --model runs/first --out features/ speech/\n"
      "  wav2vec extract --model wav2vec_large.pt --layer z,c --format hdf5 --out features/ train.tsv\n"
      "  wav2vec extract --features fbank --set fbank.num_mel_bins=80 --cmvn utterance --format ark --out - "
      "a.wav\n"
      "  python3 -c \"import numpy; print(numpy.load('features/utt1.npy').shape)\"\n"
      "Row t is the frame centred at first_frame_center_seconds + t * hop (frames.json). A second run does "
      "what is\n"
      "missing; several processes share the work with --shard 1/2, --shard 2/2.");
  return {app, [options] {
            options->complete();
            catch_stop_signals("stopping after this file; Ctrl-C again ends at once");
            return Extraction(*options).run();
          }};
}

}  // namespace wav2vec::app
