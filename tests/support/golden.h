#pragma once
// Reads the golden vectors of tests/data/golden (one folder per configuration, described in its README.md).

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "wav2vec/config/model_config.h"
#include "wav2vec/config/objective_config.h"
#include "wav2vec/core/tensor.h"
#include "wav2vec/nn/parameter.h"

namespace wav2vec::test {

/// The folders with golden vectors: those in the tree and, if set, those in $W2V_GOLDEN_VECTORS.
std::vector<std::filesystem::path> golden_folders();

struct Golden {
  std::filesystem::path folder;
  nlohmann::json meta;
  ModelConfig model;
  ObjectiveConfig objective;
  int64_t batch = 0;
  int64_t samples = 0;
  int64_t frames = 0;
  std::vector<std::string> tensors;

  bool has(const std::string& tensor) const;
  /// Any numeric npy as double, in file order.
  std::vector<double> read(const std::string& tensor) const;
  /// The exact base and large sizes come as statistics and slices, with weights and audio by formula.
  bool by_formula() const { return !has("audio_i16"); }
  /// [batch · samples] in [−1, 1).
  std::vector<float> audio() const;
  std::vector<int32_t> negative_rows() const;
  void fill_parameters(ParameterBlock& parameters) const;
};

Golden load_golden(const std::filesystem::path& folder);

/// The generators of the vectors' README: FNV-1a of the name, then SplitMix64, 24 bits.
std::vector<double> hash_uniform(const std::string& name, int64_t count);

}  // namespace wav2vec::test
