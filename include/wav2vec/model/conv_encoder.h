#pragma once
// The feature encoder: samples -> z (Schneider et al. 2019, §2; SPEC of each block: convolution without bias
// or padding, group norm, activation).

#include <vector>

#include "wav2vec/config/model_config.h"
#include "wav2vec/nn/conv1d.h"
#include "wav2vec/nn/group_norm.h"
#include "wav2vec/nn/pass.h"

namespace wav2vec {

struct EncoderBlock {
  Conv1d conv;
  GroupNormActivation norm;
  bool skip = false;
  /// Whether the normalised output is stored: a skip connection adds to or reads it, or it is z. Otherwise
  /// the next convolution normalises as it reads.
  bool stored = false;
};

struct ConvEncoder {
  std::vector<EncoderBlock> blocks;
  float skip_scale = 1.0F;  ///< √residual_scale
  bool log_compression = false;

  int64_t channels() const { return blocks.back().conv.out_channels; }
};

/// What backward needs, views into the workspace.
struct EncoderCache {
  struct Block {
    NormedActivations input;
    Activations conv_output;
    NormStatistics statistics;
  };
  std::vector<Block> blocks;
  Activations before_log;  ///< the last block's output
};

/// Parameters are named feature_extractor.conv_layers.<i>.{0 = conv, 2 = norm} as in fairseq.
ConvEncoder make_conv_encoder(const ModelConfig& config, ParameterLayout& layout);

/// waveform: [batch, samples, 1], every item at least one receptive field long -> z: [batch, frames,
/// channels] in f32. Null cache: inference on a batch of bounded length (validation); activations of inner
/// layers share memory. layer_inference.h is for utterances of any length.
Activations encoder_forward(const ConvEncoder& encoder, const Pass& pass, const Activations& waveform,
                            EncoderCache* cache);

/// dz is overwritten on the way. The gradients of the parameters go to the target; dwaveform may be null.
void encoder_backward(const ConvEncoder& encoder, const Pass& pass, const EncoderCache& cache,
                      const Activations& dz, const GradientTarget& gradients,
                      const Activations* dwaveform = nullptr);

}  // namespace wav2vec
