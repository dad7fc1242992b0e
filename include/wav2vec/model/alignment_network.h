#pragma once
// A wav2vec network with a head that tells which character is spoken in a frame: z and c side by side through
// bidirectional LSTMs to a logit per token.

#include <cstdint>
#include <optional>
#include <vector>

#include "wav2vec/config/head_config.h"
#include "wav2vec/model/wav2vec_model.h"
#include "wav2vec/nn/lstm.h"

namespace wav2vec {

struct AlignmentNetwork {
  ParameterLayout layout;
  HeadConfig config;
  Wav2VecModel model;
  std::vector<BidirectionalLstm> lstms;
  Conv1d output;
  std::optional<Conv1d> phones;  ///< a second output, for training alone
  /// Measured, not learned: no gradient reaches them.
  ParameterId log_priors;   ///< [tokens], ln of how often each is spoken
  ParameterId calibration;  ///< [4], align/match_score.h

  /// Throws ConfigError.
  AlignmentNetwork(const ModelConfig& model_config, const HeadConfig& head_config, int64_t tokens);
  AlignmentNetwork(const AlignmentNetwork&) = delete;
  AlignmentNetwork& operator=(const AlignmentNetwork&) = delete;

  int64_t tokens() const { return output.out_channels; }
};

/// What backward needs, views into the workspace.
struct AlignmentCache {
  Wav2VecCache network;
  Wav2VecFeatures features;
  std::vector<LstmCache> lstms;
  Activations output_input;
};

/// What scores are divided by, in logarithms: log_priors · config.prior_exponent, [tokens].
std::vector<float> scaled_log_priors(const AlignmentNetwork& network, const ParameterBlock& parameters);

struct AlignmentLogits {
  Activations tokens;  ///< [batch, frames, tokens]
  Activations
      phones;  ///< [batch, frames, config.phones]; without data where there is no cache or are no phones
};

/// waveform: [batch, samples, 1]. Dropout where the pass has random numbers. `cache`: null in inference.
AlignmentLogits alignment_forward(const AlignmentNetwork& network, const Pass& pass,
                                  const Activations& waveform, AlignmentCache* cache);

/// Leaves the gradients of the head, and those of the wav2vec network where it is tuned, in `gradients`,
/// which is zero before. `dlogits` belongs to both outputs and is overwritten.
void alignment_backward(const AlignmentNetwork& network, const Pass& pass, const AlignmentCache& cache,
                        const AlignmentLogits& dlogits, ParameterBlock& gradients);

}  // namespace wav2vec
