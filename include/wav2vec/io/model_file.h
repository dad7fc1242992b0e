#pragma once
// A network in one file, whoever wrote it: our safetensors (fairseq's key names and PyTorch shapes, the
// configuration as recipe text in the metadata), safetensors of the same names without a configuration, and
// the checkpoints of fairseq and s3prl. Knows names and numbers, never layers.

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "wav2vec/io/model_file_info.h"
#include "wav2vec/io/safetensors.h"
#include "wav2vec/io/torch_file.h"

namespace wav2vec {

class ModelFile {
 public:
  /// What the file is, is told by its first bytes. Throws DataError/FormatError naming the file: of no known
  /// kind, without a wav2vec configuration, a configuration that is not valid or not supported.
  static ModelFile open(const std::filesystem::path& path);

  const ModelFileInfo& info() const { return info_; }
  const std::filesystem::path& path() const { return path_; }
  /// For people: "wav2vec-1 safetensors", "fairseq 2019, PyTorch legacy stream" …
  const std::string& format() const { return format_; }
  /// Those of the network, in the order of the file.
  const std::vector<TensorEntry>& tensors() const { return tensors_; }
  /// nullptr when there is none of that name.
  const TensorEntry* find(std::string_view name) const;
  /// What else the file holds and nobody reads (optimiser states).
  const std::vector<std::string>& unused() const { return unused_; }

  /// Throws FormatError unless the file holds this parameter in this shape.
  void require(const std::string& name, const std::vector<int64_t>& shape) const;
  /// Reads one parameter as f32, which must have this shape and only finite values.
  void read(const std::string& name, const std::vector<int64_t>& shape, std::span<float> values);

 private:
  struct Torch {
    TorchFile file;
    std::map<std::string, TorchTensor> tensors;
  };

  ModelFile(const std::filesystem::path& path, SafetensorsFile file) : path_(path), file_(std::move(file)) {}
  ModelFile(const std::filesystem::path& path, TorchFile file)
      : path_(path), file_(Torch{std::move(file), {}}) {}
  static ModelFile open_torch(const std::filesystem::path& path);
  static ModelFile open_safetensors(const std::filesystem::path& path);

  std::filesystem::path path_;
  std::variant<SafetensorsFile, Torch> file_;
  ModelFileInfo info_;
  std::string format_;
  std::vector<TensorEntry> tensors_;
  std::vector<std::string> unused_;
};

/// Of those of a network with a head: whether it belongs to the head.
inline bool is_of_head(const TensorEntry& tensor) { return tensor.name.starts_with("head."); }

/// Our safetensors. Throws DiskError.
void write_model_file(const std::filesystem::path& path, const ModelFileInfo& info,
                      std::span<const TensorToWrite> tensors);

}  // namespace wav2vec
