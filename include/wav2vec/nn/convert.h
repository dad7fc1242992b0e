#pragma once

#include "wav2vec/core/tensor.h"

namespace wav2vec {

/// y = x in y's type, on the valid frames; the shapes are equal, the types may be.
void convert(const Activations& x, const Activations& y);

}  // namespace wav2vec
