#include "wav2vec/nn/conv1d.h"

#include <algorithm>
#include <cmath>

#include "kernels/bf16_conv.h"
#include "kernels/bf16_norm.h"
#include "kernels/elementwise.h"
#include "kernels/group_norm.h"
#include "kernels/strided_conv.h"
#include "nn/conv_shape.h"
#include "nn/rows.h"

namespace wav2vec {
namespace {

// Frames [first, first + frames) of item b as the f32 products read them.
const float* normalized_frames(const NormedActivations& x, const Pass& pass, int64_t b, int64_t first,
                               int64_t frames) {
  if (x.norm == nullptr) return x.x.frame(b, first);
  const int64_t length[1] = {frames};
  const Activations part{x.x.frame(b, first), 1, frames, x.x.channels, length};
  const Activations y = pass.workspace.push_like(part);
  group_norm_forward(*x.norm, pass, part, x.statistics.subspan(static_cast<size_t>(2 * b), 2), y);
  return y.item(0);
}

// A normalised input is made some frames of output at a time: the copy of a whole first layer's output would
// be the largest array of a step.
constexpr int64_t kFramesAtOnce = 1024;

// Calls f(kernels::ConvShape, first input frame as the products read it, first frame of the output) for
// slices of item b in order.
template <class F>
void for_each_slice(const Conv1d& conv, const Pass& pass, const NormedActivations& x, int64_t b, F f) {
  const int64_t all = conv.output_frames(x.x.length(b));
  const int64_t at_once = x.norm != nullptr ? kFramesAtOnce : all;
  for (int64_t first = 0; first < all; first += at_once) {
    const Workspace::Mark mark = pass.workspace.mark();
    const int64_t frames = std::min(at_once, all - first);
    const int64_t in_frames = frames == all ? x.x.length(b) : (frames - 1) * conv.stride + conv.kernel;
    f(conv_shape(conv, in_frames), normalized_frames(x, pass, b, first * conv.stride, in_frames), first);
    pass.workspace.rewind(mark);
  }
}

// A bias that repeats over the channels is one over more frames of fewer channels.
struct BiasShape {
  int64_t channels = 0;
  int64_t repeats = 0;

  BiasShape(const Conv1d& conv, const ParameterLayout& layout)
      : channels(layout[conv.bias].size), repeats(conv.out_channels / channels) {}
};

// [out_channels], or null.
const float* full_bias(const Conv1d& conv, const Pass& pass) {
  if (!conv.bias) return nullptr;
  const std::span<const float> bias = pass.parameters[conv.bias];
  const BiasShape shape(conv, pass.parameters.layout());
  if (shape.repeats == 1) return bias.data();
  const std::span<float> full = pass.workspace.push_floats(conv.out_channels);
  for (int64_t i = 0; i < shape.repeats; ++i) std::ranges::copy(bias, full.begin() + i * shape.channels);
  return full.data();
}

void forward_f32(const Conv1d& conv, const Pass& pass, const NormedActivations& x, int64_t b,
                 const Activations& y, double* frame_moments) {
  for_each_slice(conv, pass, x, b, [&](const kernels::ConvShape& shape, const float* input, int64_t first) {
    kernels::conv_forward(shape, input, pass.parameters.data(conv.weight), y.frame(b, first));
  });
  const int64_t frames = conv.output_frames(x.x.length(b));
  if (conv.bias) {
    const BiasShape bias(conv, pass.parameters.layout());
    kernels::add_bias(y.item(b), frames * bias.repeats, bias.channels, pass.parameters.data(conv.bias));
  }
  if (frame_moments != nullptr) kernels::row_moments(y.item(b), frames, conv.out_channels, frame_moments);
}

void forward_bf16(const Conv1d& conv, const Pass& pass, const NormedActivations& x, int64_t b,
                  const Activations& y, double* frame_moments) {
  kernels::bf16_conv_forward(conv_shape(conv, x.x.length(b)), rows_of(x, pass, b),
                             pass.packed->forward(conv.weight), pass.parameters.data(conv.weight),
                             full_bias(conv, pass), y.address(b), y.dtype, frame_moments);
}

void add_bias_gradient(const Conv1d& conv, const Activations& dy, int64_t b, ParameterBlock& gradients) {
  if (!conv.bias) return;
  const BiasShape bias(conv, gradients.layout());
  const int64_t rows = dy.length(b) * bias.repeats;
  if (dy.dtype == DType::f32) {
    kernels::add_column_sums(dy.item(b), rows, bias.channels, gradients.data(conv.bias));
  } else {
    kernels::bf16_add_column_sums(rows_of(dy, b), rows, bias.channels, gradients.data(conv.bias));
  }
}

void backward_weights_f32(const Conv1d& conv, const Pass& pass, const NormedActivations& x,
                          const Activations& dy, const GradientTarget& gradients) {
  Write write = gradients.weights;
  for (int64_t b = 0; b < dy.batch; ++b) {
    for_each_slice(conv, pass, x, b, [&](const kernels::ConvShape& shape, const float* input, int64_t first) {
      kernels::conv_backward_weights(shape, input, dy.frame(b, first), write,
                                     gradients.block.data(conv.weight));
      write = Write::accumulate;
    });
  }
}

void backward_weights_bf16(const Conv1d& conv, const Pass& pass, const NormedActivations& x,
                           const Activations& dy, const GradientTarget& gradients) {
  const Workspace::Mark mark = pass.workspace.mark();
  const std::span<kernels::WeightGradientItem> items =
      pass.workspace.push_array<kernels::WeightGradientItem>(dy.batch);
  for (int64_t b = 0; b < dy.batch; ++b)
    items[static_cast<size_t>(b)] = {conv_shape(conv, x.x.length(b)), rows_of(x, pass, b), rows_of(dy, b)};
  const std::span<Bf16> panels =
      pass.workspace.push_bf16(kernels::bf16_gradient_panel_elements(items.data(), dy.batch));
  kernels::bf16_conv_backward_weights(items.data(), dy.batch, panels.data(), gradients.weights,
                                      gradients.block.data(conv.weight));
  pass.workspace.rewind(mark);
}

}  // namespace

Conv1d make_conv1d(ParameterLayout& layout, const std::string& scope, int64_t in_channels,
                   int64_t out_channels, int64_t kernel, int64_t stride, bool with_bias) {
  const double bound = 1.0 / std::sqrt(static_cast<double>(in_channels * kernel));
  Conv1d conv{in_channels, out_channels, kernel, stride, {}, {}};
  conv.weight = layout.add({.name = scope + ".weight",
                            .shape = {out_channels, in_channels, kernel},
                            .order = WeightOrder::reversed,
                            .init = ParameterInit::uniform,
                            .init_bound = bound});
  if (with_bias) {
    conv.bias = layout.add({.name = scope + ".bias",
                            .shape = {out_channels},
                            .init = ParameterInit::uniform,
                            .init_bound = bound});
  }
  return conv;
}

void conv1d_forward_item(const Conv1d& conv, const Pass& pass, const NormedActivations& x, int64_t b,
                         const Activations& y, double* frame_moments) {
  const auto forward = pass.packed == nullptr ? forward_f32 : forward_bf16;
  const Workspace::Mark mark = pass.workspace.mark();
  forward(conv, pass, x, b, y, frame_moments);
  pass.workspace.rewind(mark);
}

void conv1d_forward(const Conv1d& conv, const Pass& pass, const NormedActivations& x, const Activations& y) {
  for (int64_t b = 0; b < y.batch; ++b) conv1d_forward_item(conv, pass, x, b, y, nullptr);
}

NormStatistics conv1d_norm_forward(const Conv1d& conv, const GroupNormActivation& norm, const Pass& pass,
                                   const NormedActivations& x, const Activations& y) {
  const NormStatistics statistics = pass.workspace.push_floats(2 * y.batch);
  const Workspace::Mark mark = pass.workspace.mark();
  const std::span<double> moments = pass.workspace.push_doubles(2 * y.frames);
  for (int64_t b = 0; b < y.batch; ++b) {
    conv1d_forward_item(conv, pass, x, b, y, moments.data());
    merge_frame_moments(norm, moments, y.length(b), statistics, b);
  }
  pass.workspace.rewind(mark);
  return statistics;
}

void conv1d_backward_weights(const Conv1d& conv, const Pass& pass, const NormedActivations& x,
                             const Activations& dy, const GradientTarget& gradients) {
  const auto backward = pass.packed == nullptr ? backward_weights_f32 : backward_weights_bf16;
  backward(conv, pass, x, dy, gradients);
  for (int64_t b = 0; b < dy.batch; ++b) add_bias_gradient(conv, dy, b, gradients.block);
}

void conv1d_backward_data(const Conv1d& conv, const Pass& pass, const Activations& dy,
                          const Activations& dx) {
  for (int64_t b = 0; b < dy.batch; ++b) {
    const auto shape = conv_shape(conv, dx.length(b));
    if (pass.packed == nullptr) {
      kernels::conv_backward_data(shape, dy.item(b), pass.parameters.data(conv.weight), dx.item(b));
    } else {
      kernels::bf16_conv_backward_data(shape, rows_of(dy, b), pass.packed->backward(conv.weight),
                                       dx.address(b), dx.dtype);
    }
  }
}

void conv1d_backward(const Conv1d& conv, const Pass& pass, const NormedActivations& x, const Activations& dy,
                     const GradientTarget& gradients, const Activations* dx) {
  conv1d_backward_weights(conv, pass, x, dy, gradients);
  if (dx != nullptr) conv1d_backward_data(conv, pass, dy, *dx);
}

}  // namespace wav2vec
