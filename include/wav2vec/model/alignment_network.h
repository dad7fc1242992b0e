#pragma once
// A wav2vec network with a head in which audio and text meet: z and c side by side through bidirectional
// LSTMs to a logit per sound in every frame, letters through convolutions to a logit per sound for every
// letter. With early fusion the letters attend to the frames, and what they find is added to their logits.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "wav2vec/config/head_config.h"
#include "wav2vec/model/text_tower.h"
#include "wav2vec/model/wav2vec_model.h"
#include "wav2vec/nn/cross_attention.h"
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
  std::optional<CrossAttention> attention;  ///< of early fusion: what the tower knows of letters -> logits
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
  /// What both are computed from, and what letters attend to, [batch, frames, 2·config.hidden]. As a
  /// gradient: that of the letters, or nothing.
  Activations hidden = {};
};

/// The audio tower. waveform: [batch, samples, 1]. Dropout where the pass has random numbers. `cache`: null
/// in inference.
AlignmentLogits alignment_forward(const AlignmentNetwork& network, const Pass& pass,
                                  const Activations& waveform, AlignmentCache* cache);

/// Leaves the gradients of the audio tower, and those of the wav2vec network where it is tuned, in
/// `gradients`, in which those are zero before. `dlogits` is overwritten.
void alignment_backward(const AlignmentNetwork& network, const Pass& pass, const AlignmentCache& cache,
                        const AlignmentLogits& dlogits, ParameterBlock& gradients);

/// What backward needs, views into the workspace.
struct TextCache {
  TextTowerCache tower;
  CrossAttentionCache attention;
  bool attends = false;
};

/// The text tower: logits [texts, letters, sounds]. With early fusion text n attends to frames attended[n] of
/// `hidden` (AlignmentLogits::hidden), which both outlive the cache; when `attended` is empty, as without
/// early fusion, letters stand alone. Dropout where the pass has random numbers, with a key for each text.
Activations text_forward(const AlignmentNetwork& network, const Pass& pass,
                         std::span<const std::vector<int>> texts, int outside, const Activations& hidden,
                         std::span<const AttendedFrames> attended, TextCache& cache);

/// Leaves the gradients of the text tower and the attention; adds that of `hidden` to dhidden where letters
/// attend.
void text_backward(const AlignmentNetwork& network, const Pass& pass, const TextCache& cache,
                   const Activations& dlogits, ParameterBlock& gradients, const Activations& dhidden);

}  // namespace wav2vec
