#include "wav2vec/train/network_file.h"

#include <vector>

namespace wav2vec {

void write_network(const std::filesystem::path& path, const ModelFileInfo& info,
                   const ParameterBlock& parameters) {
  const ParameterLayout& layout = parameters.layout();
  std::vector<std::vector<float>> values;
  std::vector<TensorToWrite> tensors;
  for (const ParameterId id : layout.by_name()) {
    values.push_back(checkpoint_values(parameters, id));
    tensors.emplace_back(layout[id].name, layout[id].shape, std::span<const float>(values.back()));
  }
  write_model_file(path, info, tensors);
}

}  // namespace wav2vec
