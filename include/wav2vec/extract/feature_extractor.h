#pragma once
// A trained network as a function: waveform -> features.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "wav2vec/config/model_config.h"
#include "wav2vec/core/dtype.h"
#include "wav2vec/io/model_file.h"

namespace wav2vec {

/// z: encoder output; c: context network output.
enum class FeatureLayer { z, c };
inline constexpr std::string_view kFeatureLayerNames[] = {"z", "c"};

struct Features {
  int64_t frames = 0;
  int64_t channels = 0;
  std::vector<float> rows;  ///< [frames, channels]
};

/// Holds the parameters and the memory of one utterance; not thread-safe.
class FeatureExtractor {
 public:
  /// `model`: what --model accepts (io/checkpoint.h, resolve_model_path). Throws DataError/CheckpointError,
  /// and ConfigError for bf16 on a CPU without it.
  explicit FeatureExtractor(const std::filesystem::path& model, DType dtype = DType::f32);
  ~FeatureExtractor();

  const ModelFileInfo& info() const { return info_; }
  const std::filesystem::path& model_path() const { return model_path_; }
  /// CRC-32C over the names and values of the parameters, as "crc32c:1234abcd".
  const std::string& model_hash() const { return model_hash_; }
  int64_t channels(FeatureLayer layer) const;
  DType dtype() const;

  /// The whole utterance at once: mono, in [−1, 1), at info().sample_rate_hz. Normalised first if the model
  /// was trained so. Throws DataError (without a file name) for an utterance shorter than the receptive
  /// field, or so long that its activations would not fit into memory.
  Features extract(std::span<const float> waveform, FeatureLayer layer);

  /// Bytes of activations that an utterance of this length takes.
  uint64_t bytes_for(int64_t samples) const;

 private:
  struct Network;

  std::filesystem::path model_path_;
  ModelFileInfo info_;
  std::string model_hash_;
  std::unique_ptr<Network> network_;
};

}  // namespace wav2vec
