#pragma once
// A trained network as a function: waveform -> features.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "wav2vec/audio/waveform_source.h"
#include "wav2vec/config/layer_id.h"
#include "wav2vec/core/dtype.h"
#include "wav2vec/core/scratch.h"
#include "wav2vec/io/feature_rows.h"
#include "wav2vec/io/model_file.h"

namespace wav2vec {

/// Called with the index of a layer among those asked for and its rows, which are valid during the call.
using DeliverFeatures = std::function<void(size_t which, const FeatureRows& rows)>;

/// One layer in memory.
struct Features {
  int64_t frames = 0;
  int64_t channels = 0;
  std::vector<float> rows;  ///< [frames, channels]
};

/// Holds the parameters and the memory of one utterance; not thread-safe.
class FeatureExtractor {
 public:
  /// `model`: what --model accepts (io/checkpoint.h, resolve_model_path). `scratch`: room for activations; an
  /// utterance for which they are too large for the memory goes through files there, with the same numbers.
  /// Throws DataError/CheckpointError, and ConfigError for bf16 on a CPU without it.
  /// `initial_seed`: with the weights that training with this seed begins with instead of those of the model.
  explicit FeatureExtractor(const std::filesystem::path& model, DType dtype = DType::f32,
                            ScratchLimits scratch = {}, std::optional<uint64_t> initial_seed = {});
  ~FeatureExtractor();

  const ModelFileInfo& info() const { return info_; }
  const std::filesystem::path& model_path() const { return model_path_; }
  /// CRC-32C over the names and values of the parameters, as "crc32c:1234abcd"; of initial ones "seed:1".
  const std::string& model_hash() const { return model_hash_; }
  DType dtype() const;
  int64_t channels(LayerId layer) const { return layer_channels(info_.model, layer); }
  /// Where files for activations and other arrays of an utterance go.
  ScratchSpace& scratch();

  /// The whole utterance, at info().sample_rate_hz; normalised first if the model was trained so. Delivers in
  /// the order in which the network computes the layers. Throws DataError (without a file name) for an
  /// utterance shorter than the receptive field; DiskError, before anything is computed, where the scratch
  /// folder has too little space, and later where it fails.
  void extract(const WaveformSource& waveform, std::span<const LayerId> layers,
               const DeliverFeatures& deliver);
  Features extract(std::span<const float> waveform, LayerId layer);

 private:
  struct Network;

  std::filesystem::path model_path_;
  ModelFileInfo info_;
  std::string model_hash_;
  std::unique_ptr<Network> network_;
};

}  // namespace wav2vec
