// wav2vec extract: features of audio files, one matrix [frames, channels] each.

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "choices.h"
#include "commands.h"
#include "extract_inputs.h"
#include "extract_options.h"
#include "extract_outputs.h"
#include "shard.h"
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

// Takes out what stands already, and what no file can be named after. Whether audio from stdin is that of the
// earlier run cannot be told.
Work left_to_do(std::vector<Utterance> all, const std::string& stdin_id, ExtractOutputs& outputs,
                std::vector<std::string>& failures) {
  Work work;
  for (Utterance& u : all) {
    try {
      if (outputs.stands(u.id)) {
        if (u.id == stdin_id)
          throw ConfigError(fmt::format(
              "\"{}\" stands in --out already; give the audio from stdin a name with --id, or --overwrite",
              printable(u.id)));
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
    std::vector<Utterance> mine = items_of<Utterance>(all, shard_of_process(options_.shard));
    if (options_.out == "-" && options_.format == FeatureFormat::npy && mine.size() > 1)
      throw ConfigError(fmt::format(
          "npy on stdout holds one utterance, these are {}; choose ark, ark-text, csv or a folder",
          mine.size()));
    warn_of_missing_speakers(all);
    // Over everything that is named, whatever stands already: they must be those of the first run.
    if (needs_shared_statistics(options_.postprocess.cmvn)) statistics_ = shared_statistics(all);
    if (stop_requested()) return ExitCode::interrupted;
    const std::vector<FeatureContract> contracts = output_contracts();
    ExtractOutputs outputs(options_, contracts);
    const Work work = left_to_do(std::move(mine), inputs.stdin_id(), outputs, failures);
    const ConsumeFeatures write = [&](const Utterance& u, size_t which, const FeatureRows& raw) {
      outputs.write(which, u, postprocess(raw, options_.postprocess, statistics_of(u, which)));
    };
    ExtractionResult result = extract("extract", work.utterances, write);
    const std::vector<WrittenFeatures> written = outputs.close();
    std::set<std::string> unwritten;
    for (const WrittenFeatures& matrix : written) {
      unwritten.insert(matrix.failed_ids.begin(), matrix.failed_ids.end());
      std::ranges::copy(matrix.failures, std::back_inserter(result.failures));
    }
    result.utterances -= std::ssize(unwritten);
    result.failures.insert(result.failures.begin(), failures.begin(), failures.end());
    tell(result, work.standing, written, contracts);
    if (stop_requested()) return ExitCode::interrupted;
    if (!result.failures.empty()) return ExitCode::some_inputs_failed;
    return result.damaged.empty() ? ExitCode::ok : ExitCode::problems_found;
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

  void warn_of_missing_speakers(std::span<const Utterance> utterances) const {
    if (options_.postprocess.cmvn.cmvn != CmvnKind::speaker) return;
    const auto count =
        std::ranges::count_if(utterances, [](const Utterance& u) { return u.speaker.empty(); });
    if (count > 0)
      log_warning(
          fmt::format("--cmvn speaker: {} of {} utterances have no speaker; each is normalised by itself",
                      count, utterances.size()));
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
    for (const FeatureContract& contract : features_.source.contracts) {
      contracts.push_back(postprocess(contract, options_.postprocess));
      contracts.back().audio_channel = kChannelPolicyNames[static_cast<size_t>(options_.channels)];
    }
    for (size_t i = 0; i < statistics_.size(); ++i)
      contracts[i].postprocess += " statistics=" + statistics_hash(statistics_[i]);
    return contracts;
  }

  const CmvnStatistics* statistics_of(const Utterance& u, size_t which) const {
    if (statistics_.empty()) return nullptr;
    return &statistics_[which].at(statistics_key(options_.postprocess.cmvn.cmvn, u));
  }

  void tell(const ExtractionResult& result, int64_t standing, std::span<const WrittenFeatures> written,
            std::span<const FeatureContract> contracts) const {
    for (const std::string& failure : result.failures) log_warning("failed: " + failure);
    if (options_.json) return print_json(result, standing, written, contracts);
    std::string frames;
    for (size_t i = 0; i < contracts.size(); ++i)
      frames += fmt::format("{}{} frames of {} {}", i == 0 ? "" : ", ", written[i].frames,
                            contracts[i].channels, contracts[i].layer);
    const std::string line =
        fmt::format("{}: {} utterances, {} in {}, {} of audio{}", printable(options_.out), result.utterances,
                    frames, contracts.front().dtype, format_audio_length(result.audio_seconds),
                    standing > 0 ? fmt::format("; {} stood there already", standing) : "");
    if (options_.out == "-") return log_info(line);
    fmt::print("{}\n", line);
    if (!result.failures.empty()) fmt::print("failed: {} inputs, listed on stderr\n", result.failures.size());
    if (!result.damaged.empty())
      fmt::print("cut off or damaged: {} inputs, listed on stderr; what is there was used\n",
                 result.damaged.size());
  }

  void print_json(const ExtractionResult& result, int64_t standing, std::span<const WrittenFeatures> written,
                  std::span<const FeatureContract> contracts) const {
    using Json = nlohmann::ordered_json;
    Json layers = Json::array();
    for (size_t i = 0; i < contracts.size(); ++i)
      layers.push_back({{"layer", contracts[i].layer},
                        {"channels", contracts[i].channels},
                        {"utterances", written[i].utterances},
                        {"frames", written[i].frames}});
    const Json json{{"out", options_.out},       {"utterances", result.utterances},
                    {"standing", standing},      {"failed", result.failures.size()},
                    {"layers", layers},          {"audio_seconds", result.audio_seconds},
                    {"damaged", result.damaged}, {"failures", result.failures}};
    fmt::print("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));
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
