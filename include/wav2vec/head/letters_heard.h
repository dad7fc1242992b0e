#pragma once
// The letters that a head hears without a text.

#include <cstdint>

#include "wav2vec/align/anchors.h"

namespace wav2vec {

/// The best token of every frame of CTC's log posteriors [frames, tokens], each once however long it lasts,
/// without blanks and the gaps at both ends.
HeardTokens read_greedily(const float* log_posteriors, int64_t frames, int64_t tokens);

}  // namespace wav2vec
