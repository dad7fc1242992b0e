#pragma once
// What both towers of an alignment head learn from: the audio of an utterance and its text, whatever the
// times.

#include <cstdint>
#include <span>

#include "wav2vec/align/token_chain.h"

namespace wav2vec {

/// Logits of sounds and, unless they are null, the gradients that are overwritten.
struct TowerLogits {
  const float* frames = nullptr;   ///< [frames, sounds]
  const float* letters = nullptr;  ///< [letters, sounds]
  float* dframes = nullptr;
  float* dletters = nullptr;
  double* dlog_priors = nullptr;  ///< [sounds]
  /// [frames, letters], overwritten where the gradients are: the share of all paths that are in a letter.
  float* occupancy = nullptr;
  int64_t frame_count = 0;
  int64_t letter_count = 0;
  int64_t sounds = 0;
};

/// chain_loss() of the similarities of frames and letters (similarity.h). log_priors: [sounds].
/// Infinite, with gradients of 0, when no path fits into the frames.
double alignment_loss(const TowerLogits& logits, std::span<const ChainState> chain,
                      std::span<const float> log_priors);

}  // namespace wav2vec
