#include "wav2vec/nn/group_norm.h"

#include "kernels/group_norm.h"

namespace wav2vec {
namespace {

kernels::NormMoments moments_of(NormStatistics statistics, int64_t b) {
  return {statistics[static_cast<size_t>(2 * b)], statistics[static_cast<size_t>(2 * b + 1)]};
}

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

NormStatistics group_norm_statistics(const GroupNormActivation& norm, const Activations& x,
                                     Workspace& workspace) {
  NormStatistics statistics = workspace.push_floats(2 * x.batch);
  for (int64_t b = 0; b < x.batch; ++b) {
    const auto moments =
        kernels::group_norm_moments(x.item(b), x.lengths[static_cast<size_t>(b)], x.channels, norm.eps);
    statistics[static_cast<size_t>(2 * b)] = moments.mean;
    statistics[static_cast<size_t>(2 * b + 1)] = moments.rstd;
  }
  return statistics;
}

void group_norm_forward(const GroupNormActivation& norm, const ParameterBlock& parameters,
                        const Activations& x, NormStatistics statistics, const Activations& y) {
  for (int64_t b = 0; b < x.batch; ++b) {
    kernels::group_norm_forward(x.item(b), x.lengths[static_cast<size_t>(b)], x.channels,
                                moments_of(statistics, b), affine_of(norm, parameters), norm.activation,
                                y.item(b));
  }
}

void group_norm_backward(const GroupNormActivation& norm, const ParameterBlock& parameters,
                         const Activations& x, NormStatistics statistics, const Activations& dy,
                         ParameterBlock& gradients, const Activations& dx) {
  for (int64_t b = 0; b < x.batch; ++b) {
    kernels::group_norm_backward(dy.item(b), x.item(b), x.lengths[static_cast<size_t>(b)], x.channels,
                                 moments_of(statistics, b), affine_of(norm, parameters), norm.activation,
                                 gradients.data(norm.weight), gradients.data(norm.bias), dx.item(b));
  }
}

}  // namespace wav2vec
