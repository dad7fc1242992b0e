#pragma once
// Padding on the left only: what makes a stride-1 convolution causal and keeps its number of frames.

#include <cstdint>
#include <span>

#include "wav2vec/core/tensor.h"

namespace wav2vec {

enum class PadValue { first_frame, zero };

/// y[b, t + pad_frames] = x[b, t]; the pad_frames rows before repeat x[b, 0] or are zero.
/// y: [batch, frames + pad_frames, channels], y.lengths = x.lengths + pad_frames.
void causal_pad_forward(const Activations& x, int64_t pad_frames, PadValue value, const Activations& y);

/// The same where the frames lie behind their padding already: fills the first pad_frames rows of y.
void fill_padding(const Activations& y, int64_t pad_frames, PadValue value);

/// dx[b, t] = dy[b, t + pad_frames], and frame 0 also receives what its copies received.
void causal_pad_backward(const Activations& dy, int64_t pad_frames, PadValue value, const Activations& dx);

/// The same in place: afterwards without_padding(dy) is dx.
void collect_padding(const Activations& dy, int64_t pad_frames, PadValue value);

/// The frames behind the padding, [batch, frames, channels] in the memory of `padded`; `lengths` are theirs.
Activations without_padding(const Activations& padded, int64_t pad_frames, std::span<const int64_t> lengths);

}  // namespace wav2vec
