// wav2vec extract: features of audio files, one matrix [frames, channels] each.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "choices.h"
#include "commands.h"
#include "extract_inputs.h"
#include "extract_options.h"
#include "stop_signal.h"
#include "wav2vec/core/duration.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/log.h"
#include "wav2vec/extract/extraction.h"
#include "wav2vec/extract/postprocess.h"
#include "wav2vec/extract/write_behind.h"
#include "wav2vec/nn/packed_weights.h"
#include "wav2vec/train/progress.h"

namespace wav2vec::app {
namespace {

namespace fs = std::filesystem;

/// Statistics of more than one utterance: by speaker, or under "" of everything.
using SharedStatistics = std::map<std::string, CmvnStatistics>;

bool needs_shared_statistics(const CmvnConfig& config) {
  return config.cmvn == CmvnKind::speaker || config.cmvn == CmvnKind::global;
}

// Where an utterance's stand. One without a speaker is a speaker by itself.
std::string statistics_key(CmvnKind kind, const Utterance& u) {
  if (kind == CmvnKind::global) return "";
  return u.speaker.empty() ? u.id : u.speaker;
}

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
  FeatureSource source = model_features(*extractor, layers, window);
  return {std::move(extractor), std::move(source)};
}

/// One writer for every matrix that an utterance gives: several layers go into a folder each.
class Outputs {
 public:
  Outputs(const ExtractOptions& options, std::span<const FeatureContract> contracts) {
    const ExtractOptions::Shard shard = options.parsed_shard();
    const std::string part = shard.count > 1 ? fmt::format("{}of{}", shard.index, shard.count) : "";
    for (const FeatureContract& contract : contracts) {
      const fs::path path =
          contracts.size() == 1 ? fs::path(options.out) : fs::path(options.out) / contract.layer;
      writers_.push_back(make_feature_writer(options.format, {path, part, options.overwrite},
                                             postprocess(contract, options.postprocess)));
    }
    standing_.resize(writers_.size());
    for (const auto& writer : writers_) behind_.push_back(std::make_unique<WriteBehind>(*writer));
  }

  /// Whether an earlier run has done this utterance. To be asked for all before the first is written.
  bool stands(const std::string& id) {
    size_t count = 0;
    for (size_t i = 0; i < writers_.size(); ++i) {
      if (!writers_[i]->has(id)) continue;
      standing_[i].insert(id);
      ++count;
    }
    return count == writers_.size();
  }
  void write(size_t which, const Utterance& u, const FeatureRows& rows) {
    if (!standing_[which].contains(u.id)) behind_[which]->write(u.id, rows, u.audio.string());
  }
  /// Returns what was wrong with single utterances.
  std::vector<std::string> close() {
    std::vector<std::string> failures;
    for (size_t i = 0; i < writers_.size(); ++i) {
      std::ranges::move(behind_[i]->finish(), std::back_inserter(failures));
      writers_[i]->close();
    }
    return failures;
  }

 private:
  std::vector<std::unique_ptr<FeatureWriter>> writers_;
  std::vector<std::set<std::string>> standing_;  // by writer
  std::vector<std::unique_ptr<WriteBehind>> behind_;
};

struct Work {
  std::vector<Utterance> utterances;
  int64_t standing = 0;  // done by an earlier run
};

// Takes out what stands already, and what no file can be named after.
Work left_to_do(std::vector<Utterance> all, Outputs& outputs, std::vector<std::string>& failures) {
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
    const ExtractOptions::Shard shard = options_.parsed_shard();
    std::vector<std::string> failures = std::move(inputs.collected().failures);
    Outputs outputs(options_, features_.source.contracts);
    Work work = left_to_do(shard_of(inputs.collected().manifest.utterances, shard.index - 1, shard.count),
                           outputs, failures);
    if (needs_shared_statistics(options_.postprocess.cmvn)) statistics_ = shared_statistics(work.utterances);
    int64_t frames = 0;
    const ConsumeFeatures write = [&](const Utterance& u, size_t which, const FeatureRows& rows) {
      outputs.write(which, u, postprocess(rows, options_.postprocess, statistics_of(u, which)));
      if (which == 0) frames += rows.frames;
    };
    ExtractionResult result = extract("extract", work.utterances, write);
    std::ranges::move(result.failures, std::back_inserter(failures));
    std::ranges::move(outputs.close(), std::back_inserter(failures));
    tell(result, work.standing, frames, failures);
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
    if (!stored.empty() && fs::exists(stored)) {
      if (all.size() > 1)
        throw ConfigError("--cmvn-stats holds the statistics of one layer; extract one at a time");
      all[0][""] = read_cmvn_statistics(stored);
      return all;
    }
    const CmvnKind kind = options_.postprocess.cmvn.cmvn;
    extract("statistics", utterances, [&](const Utterance& u, size_t which, const FeatureRows& rows) {
      all[which][statistics_key(kind, u)].add(rows);
    });
    if (!stored.empty() && !stop_requested()) write_cmvn_statistics(stored, all[0][""]);
    return all;
  }

  const CmvnStatistics* statistics_of(const Utterance& u, size_t which) const {
    if (statistics_.empty()) return nullptr;
    return &statistics_[which].at(statistics_key(options_.postprocess.cmvn.cmvn, u));
  }

  void tell(const ExtractionResult& result, int64_t standing, int64_t frames,
            const std::vector<std::string>& failures) const {
    for (const std::string& failure : failures) log_warning("failed: " + failure);
    const FeatureContract contract = postprocess(features_.source.contracts.front(), options_.postprocess);
    if (options_.json && options_.out != "-") {
      const nlohmann::ordered_json json{{"out", options_.out},
                                        {"utterances", result.utterances},
                                        {"standing", standing},
                                        {"failed", failures.size()},
                                        {"frames", frames},
                                        {"channels", contract.channels},
                                        {"layers", features_.source.contracts.size()},
                                        {"audio_seconds", result.audio_seconds},
                                        {"failures", failures}};
      fmt::print("{}\n", json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
      return;
    }
    const std::string line =
        fmt::format("{}: {} utterances, {} frames of {} {} in {}, {} of audio{}", printable(options_.out),
                    result.utterances, frames, contract.channels, contract.layer, contract.dtype,
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
