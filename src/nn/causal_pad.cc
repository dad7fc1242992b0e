#include "wav2vec/nn/causal_pad.h"

#include <algorithm>

namespace wav2vec {

void causal_pad_forward(const Activations& x, int64_t pad_frames, PadValue value, const Activations& y) {
  for (int64_t b = 0; b < x.batch; ++b) {
    for (int64_t t = 0; t < pad_frames; ++t) {
      if (value == PadValue::first_frame) {
        std::copy_n(x.item(b), x.channels, y.frame(b, t));
      } else {
        std::fill_n(y.frame(b, t), x.channels, 0.0F);
      }
    }
    std::copy_n(x.item(b), x.lengths[static_cast<size_t>(b)] * x.channels, y.frame(b, pad_frames));
  }
}

void causal_pad_backward(const Activations& dy, int64_t pad_frames, PadValue value, const Activations& dx) {
  for (int64_t b = 0; b < dx.batch; ++b) {
    std::copy_n(dy.frame(b, pad_frames), dx.lengths[static_cast<size_t>(b)] * dx.channels, dx.item(b));
    if (value == PadValue::zero) continue;
    for (int64_t t = 0; t < pad_frames; ++t) {
      for (int64_t c = 0; c < dx.channels; ++c) dx.item(b)[c] += dy.frame(b, t)[c];
    }
  }
}

}  // namespace wav2vec
