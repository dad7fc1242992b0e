#pragma once
// How probable a chain of letters is, whatever the times: the loss that an alignment head learns from.

#include <cstdint>
#include <span>

#include "wav2vec/align/token_chain.h"

namespace wav2vec {

/// −ln Σ over all paths of exp Σ over frames scores[frame, letter of the state], in nats: the forward sum of
/// a hidden Markov model whose emissions are scaled likelihoods (Bourlard and Morgan 1994). scores: [frames,
/// letters]. dscores [frames, letters] is overwritten with the gradient, minus the share of the paths that
/// are with this letter in this frame, unless it is null. When no path fits into the frames the loss is
/// infinite and the gradient 0. A chain with kAnySound or jumps or that is none (is_chain) is an
/// InternalError.
double chain_loss(const float* scores, int64_t frames, int64_t letters, std::span<const ChainState> chain,
                  float* dscores);

}  // namespace wav2vec
