#pragma once
// Features continued beyond their ends by their first and last frame.

#include <cstdint>
#include <vector>

#include "wav2vec/io/feature_rows.h"

namespace wav2vec {

/// The rows [first, first + count), [count, channels]; `first` may be negative, the end behind the last
/// frame. `rows` has a frame at least.
std::vector<float> read_with_repeated_edges(const FeatureRows& rows, int64_t first, int64_t count);

}  // namespace wav2vec
