#pragma once
// Group normalisation with one group (Wu and He 2018) and the activation behind it, as one layer: they read
// and write the same bytes.

#include <string>

#include "wav2vec/core/activation.h"
#include "wav2vec/core/tensor.h"
#include "wav2vec/core/workspace.h"
#include "wav2vec/nn/parameter.h"

namespace wav2vec {

/// y = act(γ_c·(x − μ_b)/√(σ²_b + eps) + β_c): mean and biased variance over all channels and the valid
/// frames of item b, so padding and batch mates change nothing.
struct GroupNormActivation {
  int64_t channels = 0;
  double eps = 1e-5;
  Activation activation = Activation::relu;
  ParameterId weight;  ///< γ; may be absent
  ParameterId bias;    ///< β; may be absent
};

GroupNormActivation make_group_norm(ParameterLayout& layout, const std::string& scope, int64_t channels,
                                    bool affine, Activation activation);

/// μ and 1/√(σ² + eps) of every item, [batch, 2].
using NormStatistics = std::span<float>;

NormStatistics group_norm_statistics(const GroupNormActivation& norm, const Activations& x,
                                     Workspace& workspace);

/// y may share x's memory.
void group_norm_forward(const GroupNormActivation& norm, const ParameterBlock& parameters,
                        const Activations& x, NormStatistics statistics, const Activations& y);

/// x: the input of forward. dx may share dy's memory.
void group_norm_backward(const GroupNormActivation& norm, const ParameterBlock& parameters,
                         const Activations& x, NormStatistics statistics, const Activations& dy,
                         ParameterBlock& gradients, const Activations& dx);

}  // namespace wav2vec
