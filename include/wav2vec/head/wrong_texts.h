#pragma once
// Texts that were not said, as like as can be to one that was: what a head learns to tell it from.

#include <cstdint>
#include <span>
#include <vector>

#include "wav2vec/core/draws.h"

namespace wav2vec {

/// `count` texts that differ from texts[right] and from each other, or fewer where the texts have no more to
/// offer. In turn: another of `texts`, those first that are closest in length; texts[right] with a word
/// replaced by one of the others' words of about the same length; texts[right] with two words exchanged.
/// Where one way leads to nothing new the next one is taken. `texts`: tokens (text/token_set.h),
/// without gaps at the ends.
std::vector<std::vector<int32_t>> wrong_texts(std::span<const std::vector<int32_t>> texts, size_t right,
                                              int64_t count, Draws draws);

}  // namespace wav2vec
