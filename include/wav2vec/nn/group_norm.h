#pragma once
// Group normalisation with one group (Wu and He 2018) and the activation behind it, as one layer: they read
// and write the same bytes.

#include <string>

#include "wav2vec/core/activation.h"
#include "wav2vec/core/tensor.h"
#include "wav2vec/nn/pass.h"

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

/// Activations that may still have to be normalised: with `norm`, x is the output of the convolution before
/// it and stands for act(norm(x)), which whoever reads it applies on the way and nobody stores.
struct NormedActivations {
  Activations x;
  const GroupNormActivation* norm = nullptr;
  NormStatistics statistics = {};
};

/// What is known of one utterance whose frames come in pieces.
struct UtteranceMoments {
  int64_t frames = 0;
  double mean = 0.0;
  double squares = 0.0;  ///< Σ(x − mean)²
};

/// Pieces of an utterance that are a multiple of this, all but the last, give what the whole gives.
inline constexpr int64_t kMomentPieceFrames = 512;

/// Adds the frames behind those of `moments`. frame_moments: [frames, 2], the mean of every frame and its
/// squared deviations from it.
void add_frame_moments(UtteranceMoments& moments, std::span<const double> frame_moments, int64_t frames,
                       int64_t channels);

void set_statistics(const GroupNormActivation& norm, const UtteranceMoments& moments,
                    NormStatistics statistics, int64_t b);

/// The statistics of item b from the moments of all its frames, [frames, 2].
void merge_frame_moments(const GroupNormActivation& norm, std::span<const double> frame_moments,
                         int64_t frames, NormStatistics statistics, int64_t b);

NormStatistics group_norm_statistics(const GroupNormActivation& norm, const Pass& pass, const Activations& x);

/// y may share x's memory if it has its type; a bf16 x may become a f32 y.
void group_norm_forward(const GroupNormActivation& norm, const Pass& pass, const Activations& x,
                        NormStatistics statistics, const Activations& y);

/// x: the input of forward. dx = gradient of dy·dy_scale; it has x's type and may share dy's memory if that
/// has it too. Accumulates the gradients of weight and bias.
void group_norm_backward(const GroupNormActivation& norm, const Pass& pass, const Activations& x,
                         NormStatistics statistics, const Activations& dy, float dy_scale,
                         ParameterBlock& gradients, const Activations& dx);

}  // namespace wav2vec
