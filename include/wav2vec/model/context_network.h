#pragma once
// The context network: z -> c, causal convolutions (the paper's g).

#include <vector>

#include "wav2vec/config/model_config.h"
#include "wav2vec/nn/causal_pad.h"
#include "wav2vec/nn/conv1d.h"
#include "wav2vec/nn/group_norm.h"
#include "wav2vec/nn/pass.h"

namespace wav2vec {

struct ContextBlock {
  Conv1d conv;
  GroupNormActivation norm;
  bool skip = false;
  Conv1d residual_projection;  ///< 1×1 without bias, only where the widths differ
  bool has_projection = false;
};

struct ContextNetwork {
  std::vector<ContextBlock> blocks;
  PadValue padding = PadValue::first_frame;
  float skip_scale = 1.0F;  ///< √residual_scale
  double dropout = 0.0;

  int64_t channels() const { return blocks.back().conv.out_channels; }
};

/// What backward needs, views into the workspace.
struct ContextCache {
  struct Block {
    Activations input;
    Activations padded;
    Activations conv_output;  ///< after dropout
    NormStatistics statistics;
  };
  std::vector<Block> blocks;
};

/// Parameters are named feature_aggregator.conv_layers.<i>.{1 = conv, 3 = norm} and
/// feature_aggregator.residual_proj.<i> as in fairseq.
ContextNetwork make_context_network(const ModelConfig& config, ParameterLayout& layout);

/// z: [batch, frames, encoder channels] -> c: [batch, frames, context channels]. Null cache: inference on a
/// batch (validation).
Activations context_forward(const ContextNetwork& context, const Pass& pass, const Activations& z,
                            ContextCache* cache);

/// dc is overwritten on the way; dz is overwritten with the result. The parameters' gradients go to the
/// target.
void context_backward(const ContextNetwork& context, const Pass& pass, const ContextCache& cache,
                      const Activations& dc, const GradientTarget& gradients, const Activations& dz);

}  // namespace wav2vec
