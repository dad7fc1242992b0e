#pragma once
// What a head says of every frame, and the text that it hears.

#include <cstdint>
#include <span>
#include <vector>

#include "wav2vec/align/anchors.h"
#include "wav2vec/align/chain_path.h"

namespace wav2vec {

/// ln p(token | frame) − log_priors, [frames, tokens]. logits: [frames, tokens]; log_priors: [tokens], as
/// chain_loss() takes them, or empty.
std::vector<float> scaled_log_posteriors(const float* logits, int64_t frames, int64_t tokens,
                                         std::span<const float> log_priors);

/// The tokens with the best scores, each once however long it lasts, without CTC's blanks and the gaps at
/// both ends.
HeardTokens read_greedily(const TokenScores& scores);

}  // namespace wav2vec
