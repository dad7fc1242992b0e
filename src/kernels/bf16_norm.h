#pragma once
// Group normalisation of one utterance whose convolution output is stored as bf16: group_norm.h for bf16.

#include <cstdint>

#include "kernels/bf16_conv.h"
#include "kernels/group_norm.h"

namespace wav2vec::kernels {

/// out[t] = (act(y[t]·scale + shift) + residual[t·residual_factor])·out_scale; null residual: act(…) alone.
struct NormOutput {
  void* data = nullptr;
  DType dtype = DType::f32;
  const Rows* residual = nullptr;
  int64_t residual_factor = 1;
  float out_scale = 1.0F;
};
void bf16_norm_forward(const Bf16* y, int64_t frames, int64_t channels, const NormOnRead& norm,
                       const NormOutput& out);

/// dy, of the normalised and activated output, becomes dx, of y. dgamma and dbeta accumulate; all four
/// affine pointers may be null.
/// dx may be dy's memory if dy is bf16 too.
void bf16_norm_backward(const Rows& dy, float dy_scale, const Bf16* y, int64_t frames, int64_t channels,
                        NormMoments moments, NormAffine affine, Activation activation, float* dgamma,
                        float* dbeta, Bf16* dx);

/// sums[c] += Σ_t x[t, c]
void bf16_add_column_sums(const Bf16* x, int64_t frames, int64_t channels, float* sums);

/// y[t·factor] += x[t]·scale
void bf16_add_scaled_rows(const Rows& x, int64_t frames, int64_t channels, float scale, int64_t factor,
                          void* y, DType y_dtype);

}  // namespace wav2vec::kernels
