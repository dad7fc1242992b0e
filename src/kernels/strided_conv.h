#pragma once
// Convolution of one utterance, [frames, channels] to [frames, channels], without padding.
//
// With channels innermost a strided convolution is a sum of plain matrix products on views of the input: the
// taps are cut into groups of at most `stride` taps, and group j reads rows of width group_taps·channels at
// offset j·stride·channels, one row per output frame, stride·channels apart. The rows of one group never
// overlap, so backward-data may write them. No im2col, no copies.
//
// Weights are [kernel, in_channels, out_channels]: a group is then a contiguous matrix.

#include <cstdint>

#include "wav2vec/core/write.h"

namespace wav2vec::kernels {

struct ConvShape {
  int64_t in_frames = 0;
  int64_t in_channels = 0;
  int64_t out_channels = 0;
  int64_t kernel = 0;
  int64_t stride = 0;

  int64_t out_frames() const { return in_frames < kernel ? 0 : (in_frames - kernel) / stride + 1; }
};

/// y[t, n] = Σ_{k, c} x[t·stride + k, c] · w[k, c, n]
void conv_forward(const ConvShape& shape, const float* x, const float* w, float* y);

/// dw[k, c, n] = or += Σ_t x[t·stride + k, c] · dy[t, n]
void conv_backward_weights(const ConvShape& shape, const float* x, const float* dy, Write write, float* dw);

/// dx[s, c] = Σ_{t·stride + k = s} Σ_n dy[t, n] · w[k, c, n]; overwrites dx.
void conv_backward_data(const ConvShape& shape, const float* dy, const float* w, float* dx);

}  // namespace wav2vec::kernels
