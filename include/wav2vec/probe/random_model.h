#pragma once
// A network as it was before any training: what an architecture alone hears.

#include <cstdint>
#include <filesystem>

namespace wav2vec {

/// A model file of the same architecture as `model` with PyTorch's initial weights, as training draws them
/// from a seed. The file goes with the object.
class RandomModel {
 public:
  /// `model`: what --model accepts. Throws DataError/CheckpointError, DiskError.
  RandomModel(const std::filesystem::path& model, uint64_t seed);
  ~RandomModel();
  RandomModel(const RandomModel&) = delete;
  RandomModel& operator=(const RandomModel&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace wav2vec
