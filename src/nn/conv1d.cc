#include "wav2vec/nn/conv1d.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/bf16_conv.h"
#include "kernels/bf16_norm.h"
#include "kernels/elementwise.h"
#include "kernels/group_norm.h"
#include "kernels/strided_conv.h"
#include "nn/conv_shape.h"
#include "nn/rows.h"

namespace wav2vec {
namespace {

// Item b as the f32 products read it.
const float* normalized_item(const NormedActivations& x, const Pass& pass, int64_t b) {
  if (x.norm == nullptr) return x.x.item(b);
  const Activations item{x.x.item(b), 1, x.x.length(b), x.x.channels,
                         x.x.lengths.subspan(static_cast<size_t>(b), 1)};
  const Activations y = pass.workspace.push_like(item);
  group_norm_forward(*x.norm, pass, item, x.statistics.subspan(static_cast<size_t>(2 * b), 2), y);
  return y.item(0);
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
  const auto shape = conv_shape(conv, x.x.length(b));
  kernels::conv_forward(shape, normalized_item(x, pass, b), pass.parameters.data(conv.weight), y.item(b));
  if (conv.bias) {
    const BiasShape bias(conv, pass.parameters.layout());
    kernels::add_bias(y.item(b), shape.out_frames() * bias.repeats, bias.channels,
                      pass.parameters.data(conv.bias));
  }
  if (frame_moments != nullptr)
    kernels::row_moments(y.item(b), shape.out_frames(), conv.out_channels, frame_moments);
}

void forward_bf16(const Conv1d& conv, const Pass& pass, const NormedActivations& x, int64_t b,
                  const Activations& y, double* frame_moments) {
  kernels::bf16_conv_forward(conv_shape(conv, x.x.length(b)), rows_of(x, pass, b),
                             pass.packed->forward(conv.weight), pass.parameters.data(conv.weight),
                             full_bias(conv, pass), y.address(b), y.dtype, frame_moments);
}

void backward_f32(const Conv1d& conv, const Pass& pass, const NormedActivations& x, const Activations& dy,
                  const GradientTarget& gradients, const Activations* dx) {
  for (int64_t b = 0; b < dy.batch; ++b) {
    const Workspace::Mark mark = pass.workspace.mark();
    const auto shape = conv_shape(conv, x.x.length(b));
    kernels::conv_backward_weights(shape, normalized_item(x, pass, b), dy.item(b),
                                   b == 0 ? gradients.weights : Write::accumulate,
                                   gradients.block.data(conv.weight));
    pass.workspace.rewind(mark);
    if (conv.bias) {
      const BiasShape bias(conv, gradients.block.layout());
      kernels::add_column_sums(dy.item(b), shape.out_frames() * bias.repeats, bias.channels,
                               gradients.block.data(conv.bias));
    }
    if (dx != nullptr)
      kernels::conv_backward_data(shape, dy.item(b), pass.parameters.data(conv.weight), dx->item(b));
  }
}

void backward_bf16(const Conv1d& conv, const Pass& pass, const NormedActivations& x, const Activations& dy,
                   const GradientTarget& gradients, const Activations* dx) {
  const Workspace::Mark mark = pass.workspace.mark();
  std::vector<kernels::WeightGradientItem> items;
  for (int64_t b = 0; b < dy.batch; ++b)
    items.push_back({conv_shape(conv, x.x.length(b)), rows_of(x, pass, b), rows_of(dy, b)});
  const auto count = static_cast<int64_t>(items.size());
  const std::span<Bf16> panels =
      pass.workspace.push_bf16(kernels::bf16_gradient_panel_elements(items.data(), count));
  kernels::bf16_conv_backward_weights(items.data(), count, panels.data(), gradients.weights,
                                      gradients.block.data(conv.weight));
  for (int64_t b = 0; b < dy.batch; ++b) {
    const kernels::WeightGradientItem& item = items[static_cast<size_t>(b)];
    if (conv.bias) {
      const BiasShape bias(conv, gradients.block.layout());
      kernels::bf16_add_column_sums(item.dy, item.shape.out_frames() * bias.repeats, bias.channels,
                                    gradients.block.data(conv.bias));
    }
    if (dx != nullptr) {
      kernels::bf16_conv_backward_data(item.shape, item.dy, pass.packed->backward(conv.weight),
                                       dx->address(b), dx->dtype);
    }
  }
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

void conv1d_backward(const Conv1d& conv, const Pass& pass, const NormedActivations& x, const Activations& dy,
                     const GradientTarget& gradients, const Activations* dx) {
  const auto backward = pass.packed == nullptr ? backward_f32 : backward_bf16;
  backward(conv, pass, x, dy, gradients, dx);
}

}  // namespace wav2vec
