#pragma once
// The check that one bad value does not spoil what is computed over many frames.

#include <cstdint>
#include <span>

namespace wav2vec {

/// Throws DataError (without a file name) naming frame and channel of the first NaN or infinity.
/// `first_frame` is the number of the piece's first row.
void check_finite(std::span<const float> piece, int64_t first_frame, int64_t channels);

}  // namespace wav2vec
