#pragma once
// How probable a chain of tokens is, whatever the times: the loss that an alignment head learns from.

#include <cstdint>
#include <span>

#include "wav2vec/align/token_chain.h"

namespace wav2vec {

/// −ln Σ over all paths of Π over frames p(token | frame) / prior(token), in nats: the forward sum of a
/// hidden Markov model whose emissions are scaled likelihoods (Bourlard and Morgan 1994). `log_priors`
/// [classes] are what is divided by, already times the exponent that is wanted; empty: none. logits: [frames,
/// classes], not normalised. dlogits [frames, classes] is overwritten with the gradient, the priors held
/// fixed, unless it is null; it may share memory with logits. When no path fits into the frames the loss is
/// infinite and the gradient 0. A chain with kAnyToken or that is none (is_chain) is an InternalError.
double chain_loss(const float* logits, int64_t frames, int64_t classes, std::span<const ChainState> chain,
                  std::span<const float> log_priors, float* dlogits);

}  // namespace wav2vec
