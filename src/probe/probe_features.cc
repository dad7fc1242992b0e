#include "wav2vec/probe/probe_features.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <set>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/extract/cmvn_statistics.h"
#include "wav2vec/extract/extraction.h"
#include "wav2vec/extract/postprocess.h"
#include "wav2vec/train/progress.h"

namespace wav2vec {
namespace {

constexpr int64_t kLogMelFilters = 40;
constexpr int64_t kSampleRateHz = 16000;

std::string table_name(const ProbeInput& input, const std::string& layer) {
  std::string name = input.source == ProbeInput::Source::random_model ? "random:" + layer : layer;
  if (input.delta_order > 0) name += fmt::format("+{}", input.delta_order);
  return input.utterance_cmvn ? "cmvn:" + std::move(name) : name;
}

std::vector<std::string> table_names(const ProbeInput& input) {
  switch (input.source) {
    case ProbeInput::Source::logmel:
      return {table_name(input, "logmel")};
    case ProbeInput::Source::mfcc:
      return {table_name(input, "mfcc")};
    default:
      break;
  }
  std::vector<std::string> names;
  for (const std::string& layer : input.layers) names.push_back(table_name(input, layer));
  return names;
}

/// One table to be filled: which of the source's matrices, and what is done to it.
struct Wanted {
  size_t matrix = 0;
  PostprocessConfig postprocess;
};

PostprocessConfig postprocess_of(const ProbeInput& input) {
  PostprocessConfig config;
  if (input.utterance_cmvn) config.cmvn = {.cmvn = CmvnKind::utterance, .norm_vars = true};
  config.deltas.delta_order = input.delta_order;
  return config;
}

}  // namespace

Standardization standardization_of(const FeatureTable& table, std::span<const int64_t> utterances) {
  CmvnStatistics statistics;
  for (const int64_t u : utterances) {
    const std::vector<float>& rows = table.rows[static_cast<size_t>(u)];
    if (!rows.empty()) statistics.add(rows_in_memory(rows.data(), table.frames(u), table.channels));
  }
  Standardization result;
  for (int64_t c = 0; c < statistics.channels(); ++c) {
    const auto i = static_cast<size_t>(c);
    const double mean = statistics.sums[i] / statistics.frames;
    const double variance = statistics.squares[i] / statistics.frames - mean * mean;
    // Rounding of the sums leaves a constant channel with a variance near 0.
    const bool varies = variance > 1e-10 * (1.0 + mean * mean);
    result.mean.push_back(static_cast<float>(mean));
    result.scale.push_back(varies ? static_cast<float>(1.0 / std::sqrt(variance)) : 0.0F);
  }
  return result;
}

std::vector<const FeatureTable*> ProbeFeatures::tables_of(const ProbeInput& input) const {
  std::vector<const FeatureTable*> tables;
  for (const std::string& name : table_names(input)) tables.push_back(&tables_.at(name));
  return tables;
}

class ProbeFeatureReader {
 public:
  ProbeFeatureReader(std::span<const Utterance> utterances, const ProbeFeatureOptions& options)
      : utterances_(utterances), options_(options) {}

  ProbeFeatures read(std::span<const ProbeInput> inputs) {
    for (const auto source : {ProbeInput::Source::logmel, ProbeInput::Source::mfcc, ProbeInput::Source::model,
                              ProbeInput::Source::random_model}) {
      std::vector<ProbeInput> of_source;
      std::ranges::copy_if(inputs, std::back_inserter(of_source),
                           [&](const ProbeInput& input) { return input.source == source; });
      if (!of_source.empty()) read_source(source, of_source);
    }
    for (const ProbeInput& input : inputs) check_mix(input);
    drop_failed();
    return std::move(result_);
  }

 private:
  void read_source(ProbeInput::Source source, std::span<const ProbeInput> inputs) {
    std::unique_ptr<FeatureExtractor> extractor;
    std::vector<std::string> layers;
    FeatureSource features;
    if (source == ProbeInput::Source::logmel) {
      FbankConfig config;
      config.mel.num_mel_bins = kLogMelFilters;
      features = fbank_features(config, kSampleRateHz);
      layers = {"logmel"};
    } else if (source == ProbeInput::Source::mfcc) {
      features = mfcc_features(MfccConfig{}, kSampleRateHz);
      layers = {"mfcc"};
    } else {
      std::optional<uint64_t> initial_seed;
      if (source == ProbeInput::Source::random_model) initial_seed = options_.random_seed;
      extractor =
          std::make_unique<FeatureExtractor>(options_.model, DType::f32, ScratchLimits{}, initial_seed);
      layers = layers_of(inputs);
      features = model_features(*extractor, parsed_layers(*extractor, layers), std::nullopt);
    }
    fill(features, layers, inputs);
  }

  static std::vector<std::string> layers_of(std::span<const ProbeInput> inputs) {
    std::set<std::string> names;
    for (const ProbeInput& input : inputs) names.insert(input.layers.begin(), input.layers.end());
    return {names.begin(), names.end()};
  }

  static std::vector<LayerId> parsed_layers(const FeatureExtractor& extractor,
                                            std::span<const std::string> names) {
    std::vector<LayerId> layers;
    for (const std::string& name : names) layers.push_back(parse_layers(extractor.info().model, name)[0]);
    return layers;
  }

  void fill(const FeatureSource& features, std::span<const std::string> layers,
            std::span<const ProbeInput> inputs) {
    std::map<std::string, Wanted> wanted;
    for (const ProbeInput& input : inputs) {
      const std::vector<std::string> names = table_names(input);
      for (size_t i = 0; i < names.size(); ++i) {
        const std::string layer = input.layers.empty() ? layers[0] : input.layers[i];
        const auto matrix = static_cast<size_t>(std::ranges::find(layers, layer) - layers.begin());
        wanted[names[i]] = {matrix, postprocess_of(input)};
      }
    }
    for (const auto& [name, want] : wanted) make_table(name, features.contracts[want.matrix], want);
    std::map<std::string_view, size_t> index_of;
    for (size_t i = 0; i < utterances_.size(); ++i) index_of[utterances_[i].id] = i;

    std::optional<Progress> progress;
    if (!options_.quiet) progress.emplace("features", "utterances", std::ssize(utterances_));
    ExtractionResult extracted = extract_utterances(
        utterances_, features, {},
        [&](const Utterance& utterance, size_t which, const FeatureRows& rows) {
          for (const auto& [name, want] : wanted) {
            if (want.matrix == which)
              result_.tables_[name].rows[index_of.at(utterance.id)] = read_rows(rows, want.postprocess);
          }
        },
        [&](int64_t done, double audio_seconds) {
          if (progress) progress->update(done, "", audio_seconds);
          return !options_.stop_requested();
        });
    for (std::string& failure : extracted.failures) {
      if (std::ranges::find(result_.failures_, failure) == result_.failures_.end())
        result_.failures_.push_back(std::move(failure));
    }
  }

  void make_table(const std::string& name, const FeatureContract& contract, const Wanted& want) {
    FeatureTable& table = result_.tables_[name];
    table.times = {contract.first_frame_center_seconds,
                   static_cast<double>(contract.hop_samples) / static_cast<double>(contract.sample_rate_hz)};
    table.channels = contract.channels * (want.postprocess.deltas.delta_order + 1);
    table.rows.resize(utterances_.size());
  }

  static std::vector<float> read_rows(const FeatureRows& raw, const PostprocessConfig& config) {
    const FeatureRows rows = postprocess(raw, config, nullptr);
    std::vector<float> values(static_cast<size_t>(rows.frames * rows.channels));
    rows.read(0, rows.frames, values.data());
    if (!std::ranges::all_of(values, [](float value) { return std::isfinite(value); }))
      throw DataError("features are not finite; leave it out");
    return values;
  }

  void check_mix(const ProbeInput& input) const {
    const std::vector<const FeatureTable*> tables = result_.tables_of(input);
    for (const FeatureTable* table : tables) {
      if (table->channels == tables[0]->channels && table->times.hop_seconds == tables[0]->times.hop_seconds)
        continue;
      throw ConfigError(
          fmt::format("[probe] inputs: \"{}\": the layers of a mix must have one width and one "
                      "hop; leave out those that differ",
                      printable(input.name)));
    }
  }

  // All inputs are compared on the same utterances.
  void drop_failed() {
    for (size_t u = 0; u < utterances_.size(); ++u) {
      const bool missing = std::ranges::any_of(
          result_.tables_, [u](const auto& entry) { return entry.second.rows[u].empty(); });
      if (!missing) continue;
      for (auto& [name, table] : result_.tables_) table.rows[u].clear();
    }
  }

  std::span<const Utterance> utterances_;
  const ProbeFeatureOptions& options_;
  ProbeFeatures result_;
};

ProbeFeatures compute_probe_features(std::span<const Utterance> utterances,
                                     std::span<const ProbeInput> inputs, const ProbeFeatureOptions& options) {
  return ProbeFeatureReader(utterances, options).read(inputs);
}

}  // namespace wav2vec
