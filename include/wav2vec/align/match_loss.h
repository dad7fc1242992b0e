#pragma once
// The right text of an audio against wrong ones: what tells texts apart, where the loss of an alignment only
// says how probable the right one is.

#include <cstdint>
#include <span>

#include "wav2vec/align/token_chain.h"

namespace wav2vec {

/// Logits of sounds and their gradients, which are added to.
struct MatchAudio {
  const float* frames = nullptr;  ///< [frames, sounds]
  float* dframes = nullptr;
  double* dlog_priors = nullptr;  ///< [sounds]
  int64_t frame_count = 0;
  int64_t sounds = 0;
};

/// One of the texts on that audio.
struct MatchText {
  const float* letters = nullptr;  ///< [letters, sounds]
  float* dletters = nullptr;       ///< added to
  int64_t letter_count = 0;
  std::span<const ChainState> chain;
};

struct MatchLoss {
  double nats = 0.0;  ///< cross-entropy
  int64_t texts = 0;  ///< that fit into the frames; nothing is added to gradients when there are less than 2
  bool right_is_best = false;
};

/// texts[0] is the right one. The score of a text is minus its alignment_loss() per frame, divided by the
/// temperature; the loss is −ln of the softmax of the right one's (InfoNCE, van den Oord et al. 2018). Adds
/// `scale` times the gradients. Texts that do not fit into the frames are left out; when the right one does
/// not, all are. log_priors: [sounds]; temperature: nats per frame. All chains should be of the same kind:
/// one whose letters are bound to known times scores lower than one whose letters are free.
MatchLoss match_loss(const MatchAudio& audio, std::span<const MatchText> texts,
                     std::span<const float> log_priors, double temperature, double scale);

}  // namespace wav2vec
