#include "wav2vec/nn/gradient_target.h"

#include <algorithm>

namespace wav2vec {

GradientTarget start_gradients(ParameterBlock& gradients) {
  const ParameterLayout& layout = gradients.layout();
  for (const ParameterId id : layout.by_name()) {
    if (layout[id].order == WeightOrder::same) std::ranges::fill(gradients[id], 0.0F);
  }
  return {gradients, Write::overwrite};
}

}  // namespace wav2vec
