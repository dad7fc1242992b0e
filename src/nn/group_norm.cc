#include "wav2vec/nn/group_norm.h"

#include "kernels/bf16_norm.h"
#include "kernels/group_norm.h"
#include "nn/rows.h"
#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

kernels::NormAffine affine_of(const GroupNormActivation& norm, const ParameterBlock& parameters) {
  return {parameters.data(norm.weight), parameters.data(norm.bias)};
}

}  // namespace

GroupNormActivation make_group_norm(ParameterLayout& layout, const std::string& scope, int64_t channels,
                                    bool affine, Activation activation) {
  GroupNormActivation norm{.channels = channels, .activation = activation, .weight = {}, .bias = {}};
  if (affine) {
    norm.weight = layout.add({.name = scope + ".weight", .shape = {channels}, .init = ParameterInit::ones});
    norm.bias = layout.add({.name = scope + ".bias", .shape = {channels}, .init = ParameterInit::zeros});
  }
  return norm;
}

void add_frame_moments(UtteranceMoments& moments, std::span<const double> frame_moments, int64_t frames,
                       int64_t channels) {
  static_assert(kMomentPieceFrames == kernels::kMomentFrames);
  W2V_CHECK(moments.frames % kMomentPieceFrames == 0, "the piece before ended within a block");
  kernels::MomentTotal total{moments.frames, moments.mean, moments.squares};
  kernels::add_row_moments(total, frame_moments.data(), frames, channels);
  moments = {total.frames, total.mean, total.squares};
}

void set_statistics(const GroupNormActivation& norm, const UtteranceMoments& moments,
                    NormStatistics statistics, int64_t b) {
  set_moments(
      statistics, b,
      kernels::norm_moments({moments.frames, moments.mean, moments.squares}, norm.channels, norm.eps));
}

void merge_frame_moments(const GroupNormActivation& norm, std::span<const double> frame_moments,
                         int64_t frames, NormStatistics statistics, int64_t b) {
  UtteranceMoments moments;
  add_frame_moments(moments, frame_moments, frames, norm.channels);
  set_statistics(norm, moments, statistics, b);
}

NormStatistics group_norm_statistics(const GroupNormActivation& norm, const Pass& pass,
                                     const Activations& x) {
  const NormStatistics statistics = pass.workspace.push_floats(2 * x.batch);
  const Workspace::Mark mark = pass.workspace.mark();
  for (int64_t b = 0; b < x.batch; ++b) {
    const std::span<double> rows = pass.workspace.push_doubles(2 * x.length(b));
    if (x.dtype == DType::f32) {
      kernels::row_moments(x.item(b), x.length(b), x.channels, rows.data());
    } else {
      kernels::bf16_row_moments(x.bf16_item(b), x.length(b), x.channels, rows.data());
    }
    merge_frame_moments(norm, rows, x.length(b), statistics, b);
    pass.workspace.rewind(mark);
  }
  return statistics;
}

void group_norm_forward(const GroupNormActivation& norm, const Pass& pass, const Activations& x,
                        NormStatistics statistics, const Activations& y) {
  for (int64_t b = 0; b < x.batch; ++b) {
    if (x.dtype == DType::f32) {
      kernels::group_norm_forward(x.item(b), x.length(b), x.channels, moments_of(statistics, b),
                                  affine_of(norm, pass.parameters), norm.activation, y.item(b));
      continue;
    }
    const Workspace::Mark mark = pass.workspace.mark();
    const kernels::NormOnRead on_read = norm_on_read(norm, pass, statistics, b);
    kernels::bf16_norm_forward(x.bf16_item(b), x.length(b), x.channels, on_read, y.address(b), y.dtype);
    pass.workspace.rewind(mark);
  }
}

void group_norm_backward(const GroupNormActivation& norm, const Pass& pass, const Activations& x,
                         NormStatistics statistics, const Activations& dy, float dy_scale,
                         ParameterBlock& gradients, const Activations& dx) {
  const kernels::NormAffine affine = affine_of(norm, pass.parameters);
  float* dgamma = gradients.data(norm.weight);
  float* dbeta = gradients.data(norm.bias);
  for (int64_t b = 0; b < dy.batch; ++b) {
    if (x.dtype == DType::f32) {
      kernels::group_norm_backward(dy.item(b), dy_scale, x.item(b), x.length(b), x.channels,
                                   moments_of(statistics, b), affine, norm.activation, dgamma, dbeta,
                                   dx.item(b));
    } else {
      kernels::bf16_norm_backward(rows_of(dy, b), dy_scale, x.bf16_item(b), x.length(b), x.channels,
                                  moments_of(statistics, b), affine, norm.activation, dgamma, dbeta,
                                  dx.bf16_item(b));
    }
  }
}

}  // namespace wav2vec
