#include "wav2vec/nn/causal_pad.h"

#include <algorithm>

namespace wav2vec {

void causal_pad_forward(const Activations& x, int64_t pad_frames, PadValue value, const Activations& y) {
  for (int64_t b = 0; b < x.batch; ++b) {
#pragma omp parallel for schedule(static)
    for (int64_t t = 0; t < pad_frames + x.length(b); ++t) {
      if (t < pad_frames && value == PadValue::zero) {
        std::fill_n(y.frame(b, t), x.channels, 0.0F);
      } else {
        std::copy_n(x.frame(b, std::max<int64_t>(0, t - pad_frames)), x.channels, y.frame(b, t));
      }
    }
  }
}

void causal_pad_backward(const Activations& dy, int64_t pad_frames, PadValue value, const Activations& dx) {
  for (int64_t b = 0; b < dx.batch; ++b) {
#pragma omp parallel for schedule(static)
    for (int64_t t = 0; t < dx.length(b); ++t)
      std::copy_n(dy.frame(b, pad_frames + t), dx.channels, dx.frame(b, t));
    if (value == PadValue::zero) continue;
    for (int64_t t = 0; t < pad_frames; ++t) {
      for (int64_t c = 0; c < dx.channels; ++c) dx.item(b)[c] += dy.frame(b, t)[c];
    }
  }
}

}  // namespace wav2vec
