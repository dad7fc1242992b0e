#pragma once
// Skip connections: y = (f(x) + r)·scale, where r is the block's input.

#include "wav2vec/core/tensor.h"

namespace wav2vec {

/// In place: y[b, t] = (y[b, t] + r[b, t·⌊r frames / y frames⌋])·scale. The integer factor subsamples the
/// input of a strided block in time (fairseq's skip_connections_feat); it is 1 for stride 1.
void residual_forward(const Activations& y, const Activations& r, float scale);

/// dr[b, t·factor] += dy[b, t]·scale: what r receives. The gradient of f(x) is dy·scale.
/// y, r and their gradients have one type.
void residual_backward(const Activations& dy, const Activations& dr, float scale);

}  // namespace wav2vec
