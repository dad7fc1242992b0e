#pragma once
// Group normalisation with one group, followed by the activation, for one utterance [frames, channels].
// Both read and write the same bytes, so they are one pass.
//
//   x̂ = (x − μ)·r,  r = 1/√(σ² + eps),  y = act(γ_c·x̂ + β_c)
// with μ and the biased σ² over all channels and frames of the utterance.

#include <cstdint>

#include "wav2vec/core/activation.h"

namespace wav2vec::kernels {

struct NormMoments {
  float mean = 0.0F;
  float rstd = 1.0F;
};

/// Null gamma and beta: no affine part.
struct NormAffine {
  const float* gamma = nullptr;  ///< [channels]
  const float* beta = nullptr;   ///< [channels]
};

/// Mean and squared deviations from it of every frame, [frames, 2].
void row_moments(const float* x, int64_t frames, int64_t channels, double* moments);

/// Mean and squared deviations from it of the frames seen so far.
struct MomentTotal {
  int64_t frames = 0;
  double mean = 0.0;
  double squares = 0.0;
};

/// Frames that are merged at once: the total does not depend on how an utterance is cut at multiples of it.
inline constexpr int64_t kMomentFrames = 512;

/// Adds the frames behind those of `total`, from row_moments; the parallel variance formula of Chan et al.
/// All pieces but the last have a multiple of kMomentFrames.
void add_row_moments(MomentTotal& total, const double* moments, int64_t frames, int64_t channels);

NormMoments norm_moments(const MomentTotal& total, int64_t channels, double eps);

/// y may be x.
void group_norm_forward(const float* x, int64_t frames, int64_t channels, NormMoments moments,
                        NormAffine affine, Activation activation, float* y);

/// The means over all elements that dx needs: of g = dn·γ and of g·x̂, where dn is the gradient before the
/// affine part.
struct MeanGradients {
  float g = 0.0F;
  float gx = 0.0F;
};

/// sums: [blocks, 2, channels], Σ dn·x̂ and Σ dn over each block of frames. Adds them up, in order, into
/// dgamma and dbeta (either may be null).
MeanGradients add_affine_gradients(const float* sums, int64_t blocks, int64_t frames, int64_t channels,
                                   NormAffine affine, float* dgamma, float* dbeta);

/// Of the gradient dy·dy_scale. dgamma and dbeta accumulate and may be null when there is no affine part; dx
/// may be dy.
void group_norm_backward(const float* dy, float dy_scale, const float* x, int64_t frames, int64_t channels,
                         NormMoments moments, NormAffine affine, Activation activation, float* dgamma,
                         float* dbeta, float* dx);

}  // namespace wav2vec::kernels
