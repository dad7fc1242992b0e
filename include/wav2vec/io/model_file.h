#pragma once
// A network in one file: safetensors with fairseq's key names and PyTorch shapes, and the configuration as
// recipe text in the metadata. Knows names and numbers, never layers.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "wav2vec/config/model_config.h"
#include "wav2vec/config/objective_config.h"
#include "wav2vec/io/safetensors.h"

namespace wav2vec {

struct ModelFileInfo {
  ModelConfig model;
  ObjectiveConfig objective;
  int64_t sample_rate_hz = 16000;
  bool normalize = false;  ///< waveforms were normalised per utterance in training
  int64_t update = 0;      ///< of the training run
};

class ModelFile {
 public:
  /// Throws DataError/FormatError naming the file: not safetensors, no wav2vec configuration in the metadata,
  /// a configuration that is not valid.
  static ModelFile open(const std::filesystem::path& path);

  const ModelFileInfo& info() const { return info_; }
  const std::filesystem::path& path() const { return file_.path(); }
  const SafetensorsFile& tensors() const { return file_; }

  /// Throws FormatError unless the file holds this parameter in this shape.
  void require(const std::string& name, const std::vector<int64_t>& shape) const;
  /// Reads one parameter, which must have this shape and only finite values.
  void read(const std::string& name, const std::vector<int64_t>& shape, std::span<float> values);

 private:
  explicit ModelFile(SafetensorsFile file) : file_(std::move(file)) {}

  SafetensorsFile file_;
  ModelFileInfo info_;
};

void write_model_file(const std::filesystem::path& path, const ModelFileInfo& info,
                      std::span<const TensorToWrite> tensors);

}  // namespace wav2vec
