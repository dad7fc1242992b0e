#include "wav2vec/nn/conv1d.h"

#include <cmath>

#include "kernels/elementwise.h"
#include "kernels/strided_conv.h"

namespace wav2vec {
namespace {

kernels::ConvShape shape_of(const Conv1d& conv, int64_t in_frames) {
  return {in_frames, conv.in_channels, conv.out_channels, conv.kernel, conv.stride};
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

void conv1d_forward(const Conv1d& conv, const ParameterBlock& parameters, const Activations& x,
                    const Activations& y) {
  const float* bias = parameters.data(conv.bias);
  for (int64_t b = 0; b < x.batch; ++b) {
    const auto shape = shape_of(conv, x.lengths[static_cast<size_t>(b)]);
    kernels::conv_forward(shape, x.item(b), parameters.data(conv.weight), y.item(b));
    if (bias != nullptr) kernels::add_bias(y.item(b), shape.out_frames(), conv.out_channels, bias);
  }
}

void conv1d_backward(const Conv1d& conv, const ParameterBlock& parameters, const Activations& x,
                     const Activations& dy, ParameterBlock& gradients, const Activations* dx) {
  float* dbias = gradients.data(conv.bias);
  for (int64_t b = 0; b < x.batch; ++b) {
    const auto shape = shape_of(conv, x.lengths[static_cast<size_t>(b)]);
    kernels::conv_backward_weights(shape, x.item(b), dy.item(b), gradients.data(conv.weight));
    if (dbias != nullptr) kernels::add_column_sums(dy.item(b), shape.out_frames(), conv.out_channels, dbias);
    if (dx != nullptr)
      kernels::conv_backward_data(shape, dy.item(b), parameters.data(conv.weight), dx->item(b));
  }
}

}  // namespace wav2vec
