#pragma once
// Which tensors a network has under fairseq's names, in which shapes. Names and numbers only: layers are
// model's business, and a test holds both lists against each other.

#include <span>
#include <string>
#include <vector>

#include "wav2vec/io/model_file_info.h"
#include "wav2vec/io/safetensors.h"

namespace wav2vec {

struct StateDictEntry {
  std::string name;
  std::vector<int64_t> shape;
};

/// In the order of PyTorch's state dict; the prediction head comes last.
std::vector<StateDictEntry> state_dict_of(const ModelConfig& model, const ObjectiveConfig& objective);

/// Throws FormatError (without a file name) unless the file holds exactly these tensors; only the prediction
/// head may be missing, which features do not need. Says so when it is a network of another kind.
void check_state_dict(const ModelFileInfo& info, std::span<const TensorEntry> tensors);

/// A configuration from names and shapes alone, when they are those of one of the two published networks (of
/// any width): strides, skip connections and log compression leave no trace in them. Throws FormatError
/// (without a file name) otherwise.
ModelFileInfo infer_model(std::span<const TensorEntry> tensors);

}  // namespace wav2vec
