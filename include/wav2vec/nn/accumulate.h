#pragma once
// Gradients of one array that come from several places. What lies behind an item's length is not touched.

#include <algorithm>
#include <cstdint>

#include "wav2vec/core/tensor.h"

namespace wav2vec {

inline void set_zero(const Activations& x) {
  for (int64_t b = 0; b < x.batch; ++b) std::fill_n(x.item(b), x.length(b) * x.channels, 0.0F);
}

/// Both of one shape.
inline void add_to(const Activations& sum, const Activations& x) {
  for (int64_t b = 0; b < sum.batch; ++b) {
    for (int64_t i = 0; i < sum.length(b) * sum.channels; ++i) sum.item(b)[i] += x.item(b)[i];
  }
}

}  // namespace wav2vec
