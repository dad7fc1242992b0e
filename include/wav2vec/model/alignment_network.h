#pragma once
// A wav2vec network with a head in which audio and text meet: z and c side by side through bidirectional
// LSTMs to a logit per sound in every frame, letters through convolutions to a logit per sound for every
// letter.

#include <cstdint>
#include <vector>

#include "wav2vec/config/head_config.h"
#include "wav2vec/model/text_tower.h"
#include "wav2vec/model/wav2vec_model.h"
#include "wav2vec/nn/lstm.h"

namespace wav2vec {

struct AlignmentNetwork {
  ParameterLayout layout;
  HeadConfig config;
  Wav2VecModel model;
  std::vector<BidirectionalLstm> lstms;
  Conv1d sounds;
  Conv1d letters;  ///< a second output: tokens without a text, as CTC has them
  TextTower text;
  /// Measured, not learned: no gradient reaches them.
  ParameterId log_priors;   ///< [sounds], ln of how often each is heard
  ParameterId calibration;  ///< [4], align/match_score.h

  /// Throws ConfigError.
  AlignmentNetwork(const ModelConfig& model_config, const HeadConfig& head_config, int64_t tokens);
  AlignmentNetwork(const AlignmentNetwork&) = delete;
  AlignmentNetwork& operator=(const AlignmentNetwork&) = delete;

  int64_t tokens() const { return letters.out_channels; }
};

/// What backward needs, views into the workspace.
struct AlignmentCache {
  Wav2VecCache network;
  Wav2VecFeatures features;
  std::vector<LstmCache> lstms;
  Activations last;  ///< what enters the outputs
};

struct AlignmentLogits {
  Activations sounds;   ///< [batch, frames, config.sounds]
  Activations letters;  ///< [batch, frames, tokens]
};

/// The audio tower. waveform: [batch, samples, 1]. Dropout where the pass has random numbers. `cache`: null
/// in inference.
AlignmentLogits alignment_forward(const AlignmentNetwork& network, const Pass& pass,
                                  const Activations& waveform, AlignmentCache* cache);

/// Leaves the gradients of the audio tower, and those of the wav2vec network where it is tuned, in
/// `gradients`, which is zero before. `dlogits` belongs to both outputs and is overwritten.
void alignment_backward(const AlignmentNetwork& network, const Pass& pass, const AlignmentCache& cache,
                        const AlignmentLogits& dlogits, ParameterBlock& gradients);

}  // namespace wav2vec
