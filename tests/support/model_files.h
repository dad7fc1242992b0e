#pragma once
// Small networks with random values, as model files.

#include <filesystem>
#include <string>
#include <vector>

#include "support/network.h"
#include "support/reference.h"
#include "wav2vec/io/model_file.h"

namespace wav2vec::test {

/// The network's parameters in checkpoint order; `network` must outlive it.
struct CheckpointTensors {
  std::vector<std::vector<float>> values;
  std::vector<TensorToWrite> tensors;

  explicit CheckpointTensors(const Network& network) {
    for (const ParameterId id : network.layout.by_name())
      values.push_back(checkpoint_values(network.parameters, id));
    for (size_t i = 0; i < values.size(); ++i) {
      const ParameterSpec& spec = network.layout[network.layout.by_name()[i]];
      tensors.emplace_back(spec.name, spec.shape, std::span<const float>(values[i]));
    }
  }
};

/// Norms get values too, for ones and zeros would hide their mistakes.
inline void randomize_norms(Network& network) {
  for (const ParameterId id : network.layout.by_name()) {
    const ParameterSpec& spec = network.layout[id];
    if (spec.init == ParameterInit::uniform) continue;
    const auto random = random_values(static_cast<uint64_t>(id.index), spec.size);
    for (size_t i = 0; i < random.size(); ++i)
      network.parameters[id][i] =
          static_cast<float>((spec.init == ParameterInit::ones ? 1.0 : 0.0) + 0.4 * random[i]);
  }
}

}  // namespace wav2vec::test
