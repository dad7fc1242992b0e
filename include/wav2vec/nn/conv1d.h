#pragma once
// Convolution over time without padding (padding is a layer of its own: causal_pad.h).

#include <string>

#include "wav2vec/core/tensor.h"
#include "wav2vec/nn/gradient_target.h"
#include "wav2vec/nn/group_norm.h"
#include "wav2vec/nn/pass.h"

namespace wav2vec {

/// y[b, t, n] = bias[n] + Σ_{k, c} x[b, t·stride + k, c] · weight[n, c, k]
struct Conv1d {
  int64_t in_channels = 0;
  int64_t out_channels = 0;
  int64_t kernel = 0;
  int64_t stride = 1;
  ParameterId weight;
  ParameterId bias;  ///< may be absent; one that is shorter than out_channels repeats

  /// 0 when the input is shorter than the kernel.
  int64_t output_frames(int64_t input_frames) const {
    return input_frames < kernel ? 0 : (input_frames - kernel) / stride + 1;
  }
};

/// Adds `<scope>.weight` and, if `with_bias`, `<scope>.bias`, both U(±1/√(in_channels·kernel)).
Conv1d make_conv1d(ParameterLayout& layout, const std::string& scope, int64_t in_channels,
                   int64_t out_channels, int64_t kernel, int64_t stride, bool with_bias);

/// x: [batch, frames, in_channels] -> y: [batch, output frames, out_channels], y.lengths already set.
void conv1d_forward(const Conv1d& conv, const Pass& pass, const NormedActivations& x, const Activations& y);

/// The same for item b alone, and the moments of each of its frames before they are rounded (see
/// merge_frame_moments) unless `frame_moments` is null.
void conv1d_forward_item(const Conv1d& conv, const Pass& pass, const NormedActivations& x, int64_t b,
                         const Activations& y, double* frame_moments);

/// For every item, and the statistics of y for the normalisation behind it, taken before y is rounded.
NormStatistics conv1d_norm_forward(const Conv1d& conv, const GroupNormActivation& norm, const Pass& pass,
                                   const NormedActivations& x, const Activations& y);

/// Leaves the gradients of weight and bias in the target. dy: the gradient of y.
void conv1d_backward_weights(const Conv1d& conv, const Pass& pass, const NormedActivations& x,
                             const Activations& dy, const GradientTarget& gradients);

/// Overwrites dx, the gradient of x as the convolution reads it (after its normalisation).
void conv1d_backward_data(const Conv1d& conv, const Pass& pass, const Activations& dy, const Activations& dx);

/// Both; dx may be null.
void conv1d_backward(const Conv1d& conv, const Pass& pass, const NormedActivations& x, const Activations& dy,
                     const GradientTarget& gradients, const Activations* dx);

}  // namespace wav2vec
