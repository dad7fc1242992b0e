#include "nn/rows.h"

namespace wav2vec {

kernels::NormOnRead norm_on_read(const GroupNormActivation& norm, const Pass& pass, NormStatistics statistics,
                                 int64_t b) {
  const kernels::NormMoments moments = moments_of(statistics, b);
  const float* gamma = pass.parameters.data(norm.weight);
  const float* beta = pass.parameters.data(norm.bias);
  const std::span<float> scale = pass.workspace.push_floats(norm.channels);
  const std::span<float> shift = pass.workspace.push_floats(norm.channels);
  for (size_t c = 0; c < scale.size(); ++c) {
    scale[c] = moments.rstd * (gamma != nullptr ? gamma[c] : 1.0F);
    shift[c] = (beta != nullptr ? beta[c] : 0.0F) - moments.mean * scale[c];
  }
  return {scale.data(), shift.data(), norm.activation};
}

}  // namespace wav2vec
