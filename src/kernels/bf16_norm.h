#pragma once
// Group normalisation of one utterance whose convolution output is stored as bf16: group_norm.h for bf16.

#include <cstdint>

#include "kernels/bf16_conv.h"
#include "kernels/group_norm.h"

namespace wav2vec::kernels {

/// Mean and squared deviations of every frame, [frames, 2] (add_row_moments).
void bf16_row_moments(const Bf16* y, int64_t frames, int64_t channels, double* row_moments);

/// out = act(y·scale + shift); out may be y's memory if it is bf16.
void bf16_norm_forward(const Bf16* y, int64_t frames, int64_t channels, const NormOnRead& norm, void* out,
                       DType out_dtype);

/// dy, of the normalised and activated output, becomes dx, of y. dgamma and dbeta accumulate; all four
/// affine pointers may be null.
/// dx may be dy's memory if dy is bf16 too.
void bf16_norm_backward(const Rows& dy, float dy_scale, const Bf16* y, int64_t frames, int64_t channels,
                        NormMoments moments, NormAffine affine, Activation activation, float* dgamma,
                        float* dbeta, Bf16* dx);

/// sums[c] += Σ_t x[t, c]
void bf16_add_column_sums(const Rows& x, int64_t frames, int64_t channels, float* sums);

/// y[i] = (y[i] + x[i])·scale
void bf16_add_and_scale(Bf16* y, const Bf16* x, int64_t count, float scale);

/// y[i] += x[i]·scale
void bf16_add_scaled(Bf16* y, const Bf16* x, int64_t count, float scale);

}  // namespace wav2vec::kernels
