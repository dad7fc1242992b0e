#pragma once
// The whole network: waveform -> z -> c.

#include "wav2vec/config/model_config.h"
#include "wav2vec/model/context_network.h"
#include "wav2vec/model/conv_encoder.h"

namespace wav2vec {

struct Wav2VecModel {
  ModelConfig config;
  ConvEncoder encoder;
  ContextNetwork context;
};

struct Wav2VecCache {
  EncoderCache encoder;
  ContextCache context;
};

struct Wav2VecFeatures {
  Activations z;  ///< [batch, frames, encoder channels]
  Activations c;  ///< [batch, frames, context channels]
};

/// Validates the config (ConfigError) and adds the parameters to `layout`, which the caller freezes.
Wav2VecModel make_wav2vec_model(const ModelConfig& config, ParameterLayout& layout);

/// Every convolution, for PackedWeights.
std::vector<Conv1d> convolutions_of(const Wav2VecModel& model);

/// waveform: [batch, samples, 1] in [−1, 1), every item at least one receptive field long.
Wav2VecFeatures wav2vec_forward(const Wav2VecModel& model, const Pass& pass, const Activations& waveform,
                                Wav2VecCache* cache);

/// The part behind the encoder, z -> c, with dropout on z and c where the pass has random numbers.
Activations context_from_features(const Wav2VecModel& model, const Pass& pass, const Activations& z,
                                  ContextCache* cache);

/// Its gradients: dc is overwritten on the way, dz overwritten with the result.
void context_from_features_backward(const Wav2VecModel& model, const Pass& pass, const ContextCache& cache,
                                    const Activations& dc, const GradientTarget& gradients,
                                    const Activations& dz);

/// dz: gradient that reaches z from the objective; dc: likewise for c. Both are overwritten.
void wav2vec_backward(const Wav2VecModel& model, const Pass& pass, const Wav2VecCache& cache,
                      const Activations& dz, const Activations& dc, const GradientTarget& gradients);

}  // namespace wav2vec
