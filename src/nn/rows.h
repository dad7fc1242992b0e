#pragma once
// One item of Activations as the bf16 kernels take it.

#include "kernels/bf16_conv.h"
#include "wav2vec/nn/group_norm.h"

namespace wav2vec {

inline kernels::NormMoments moments_of(NormStatistics statistics, int64_t b) {
  return {statistics[static_cast<size_t>(2 * b)], statistics[static_cast<size_t>(2 * b + 1)]};
}

inline void set_moments(NormStatistics statistics, int64_t b, kernels::NormMoments moments) {
  statistics[static_cast<size_t>(2 * b)] = moments.mean;
  statistics[static_cast<size_t>(2 * b + 1)] = moments.rstd;
}

/// The normalisation of item b as one multiplication and one addition per channel; lies in the workspace.
kernels::NormOnRead norm_on_read(const GroupNormActivation& norm, const Pass& pass, NormStatistics statistics,
                                 int64_t b);

inline kernels::Rows rows_of(const Activations& x, int64_t b) { return {x.address(b), x.dtype, {}}; }

/// With its pending normalisation, which lies in the workspace.
inline kernels::Rows rows_of(const NormedActivations& input, const Pass& pass, int64_t b) {
  kernels::Rows rows = rows_of(input.x, b);
  if (input.norm != nullptr) rows.norm = norm_on_read(*input.norm, pass, input.statistics, b);
  return rows;
}

}  // namespace wav2vec
