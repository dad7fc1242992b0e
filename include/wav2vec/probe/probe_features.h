#pragma once
// The features that a probe compares, of all its utterances, in memory.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "wav2vec/config/probe_input.h"
#include "wav2vec/data/frame_labels.h"
#include "wav2vec/data/manifest.h"

namespace wav2vec {

/// One kind of features before stacking: a layer, filter banks or MFCC with their deltas.
struct FeatureTable {
  FrameTimes times;
  int64_t channels = 0;
  std::vector<std::vector<float>> rows;  ///< [utterance][frames · channels]; empty: failed

  int64_t frames(int64_t utterance) const {
    return static_cast<int64_t>(rows[static_cast<size_t>(utterance)].size()) / channels;
  }
};

/// What makes every channel of a table have mean 0 and variance 1 on the training utterances, so that one
/// learning rate means the same for all features.
struct Standardization {
  std::vector<float> mean;   ///< [channels]
  std::vector<float> scale;  ///< 1 / standard deviation; 0 for a constant channel
};
Standardization standardization_of(const FeatureTable& table, std::span<const int64_t> utterances);

/// Tables by name: "logmel", "mfcc+2", "z", "random:context.3".
class ProbeFeatures {
 public:
  const FeatureTable& table(const std::string& name) const { return tables_.at(name); }
  /// The tables of an input, one for each of its layers. A tuned input has those of its untuned form.
  std::vector<const FeatureTable*> tables_of(const ProbeInput& input) const;
  const std::vector<std::string>& failures() const { return failures_; }

 private:
  friend class ProbeFeatureReader;
  std::map<std::string, FeatureTable> tables_;
  std::vector<std::string> failures_;
};

struct ProbeFeatureOptions {
  std::filesystem::path model = {};  ///< as --model takes it; empty if no input needs one
  uint64_t random_seed = 1;          ///< of random: inputs
  bool quiet = false;                ///< no progress bar
  std::function<bool()> stop_requested = [] { return false; };
};

/// Computes every table that the inputs name, each source in one pass over the audio. What cannot be decoded
/// is told in failures() and has no rows in any table. Throws ConfigError for layers that the model does not
/// have, or mixed ones of different widths or rates; DataError/CheckpointError for the model.
ProbeFeatures compute_probe_features(std::span<const Utterance> utterances,
                                     std::span<const ProbeInput> inputs, const ProbeFeatureOptions& options);

}  // namespace wav2vec
