#include "wav2vec/nn/causal_pad.h"

#include <algorithm>

namespace wav2vec {
namespace {

// Frame 0 receives what its copies, the padding of item b, received.
void add_padding(const Activations& dy, int64_t pad_frames, int64_t b, float* first) {
  for (int64_t t = 0; t < pad_frames; ++t) {
    for (int64_t c = 0; c < dy.channels; ++c) first[c] += dy.frame(b, t)[c];
  }
}

}  // namespace

void fill_padding(const Activations& y, int64_t pad_frames, PadValue value) {
  for (int64_t b = 0; b < y.batch; ++b) {
    for (int64_t t = 0; t < pad_frames; ++t) {
      if (value == PadValue::zero) {
        std::fill_n(y.frame(b, t), y.channels, 0.0F);
      } else {
        std::copy_n(y.frame(b, pad_frames), y.channels, y.frame(b, t));
      }
    }
  }
}

void causal_pad_forward(const Activations& x, int64_t pad_frames, PadValue value, const Activations& y) {
  for (int64_t b = 0; b < x.batch; ++b) {
#pragma omp parallel for schedule(static)
    for (int64_t t = 0; t < x.length(b); ++t)
      std::copy_n(x.frame(b, t), x.channels, y.frame(b, pad_frames + t));
  }
  fill_padding(y, pad_frames, value);
}

void collect_padding(const Activations& dy, int64_t pad_frames, PadValue value) {
  if (value == PadValue::zero) return;
  for (int64_t b = 0; b < dy.batch; ++b) add_padding(dy, pad_frames, b, dy.frame(b, pad_frames));
}

void causal_pad_backward(const Activations& dy, int64_t pad_frames, PadValue value, const Activations& dx) {
  for (int64_t b = 0; b < dx.batch; ++b) {
#pragma omp parallel for schedule(static)
    for (int64_t t = 0; t < dx.length(b); ++t)
      std::copy_n(dy.frame(b, pad_frames + t), dx.channels, dx.frame(b, t));
    if (value == PadValue::first_frame) add_padding(dy, pad_frames, b, dx.item(b));
  }
}

Activations without_padding(const Activations& padded, int64_t pad_frames, std::span<const int64_t> lengths) {
  Activations x = padded;
  x.data = padded.address(0, pad_frames);
  x.lengths = lengths;
  return x;
}

}  // namespace wav2vec
