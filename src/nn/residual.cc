#include "wav2vec/nn/residual.h"

#include "kernels/bf16_norm.h"
#include "kernels/elementwise.h"

namespace wav2vec {
namespace {

// Calls f(first element of y, first element of r, count), relative to item b, so that the runs cover the
// valid frames of y.
template <class F>
void for_each_run(const Activations& y, const Activations& r, int64_t b, F f) {
  const int64_t factor = r.length(b) / y.length(b);
  if (factor == 1) return f(0, 0, y.length(b) * y.channels);
  for (int64_t t = 0; t < y.length(b); ++t) f(t * y.channels, t * factor * y.channels, y.channels);
}

}  // namespace

void residual_forward(const Activations& y, const Activations& r, float scale) {
  for (int64_t b = 0; b < y.batch; ++b) {
    for_each_run(y, r, b, [&](int64_t to, int64_t from, int64_t count) {
      if (y.dtype == DType::f32) {
        kernels::add_and_scale(y.item(b) + to, r.item(b) + from, count, scale);
      } else {
        kernels::bf16_add_and_scale(y.bf16_item(b) + to, r.bf16_item(b) + from, count, scale);
      }
    });
  }
}

void residual_backward(const Activations& dy, const Activations& dr, float scale) {
  for (int64_t b = 0; b < dy.batch; ++b) {
    for_each_run(dy, dr, b, [&](int64_t from, int64_t to, int64_t count) {
      if (dy.dtype == DType::f32) {
        kernels::add_scaled(dr.item(b) + to, dy.item(b) + from, count, scale);
      } else {
        kernels::bf16_add_scaled(dr.bf16_item(b) + to, dy.bf16_item(b) + from, count, scale);
      }
    });
  }
}

}  // namespace wav2vec
