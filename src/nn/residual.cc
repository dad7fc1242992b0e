#include "wav2vec/nn/residual.h"

#include "kernels/elementwise.h"

namespace wav2vec {
namespace {

// Calls f(row of y, row of r, values) so that the runs cover the valid frames of item b.
template <class F>
void for_each_run(const Activations& y, const Activations& r, int64_t b, F f) {
  const int64_t frames = y.lengths[static_cast<size_t>(b)];
  const int64_t factor = r.lengths[static_cast<size_t>(b)] / frames;
  if (factor == 1) return f(y.item(b), r.item(b), frames * y.channels);
  for (int64_t t = 0; t < frames; ++t) f(y.frame(b, t), r.frame(b, t * factor), y.channels);
}

}  // namespace

void residual_forward(const Activations& y, const Activations& r, float scale) {
  for (int64_t b = 0; b < y.batch; ++b) {
    for_each_run(y, r, b, [&](float* out, const float* in, int64_t count) {
      kernels::add_and_scale(out, in, count, scale);
    });
  }
}

void residual_backward(const Activations& dy, const Activations& dr, float scale) {
  for (int64_t b = 0; b < dy.batch; ++b) {
    for_each_run(dy, dr, b, [&](float* grad, float* residual_grad, int64_t count) {
      kernels::scale(grad, count, scale);
      kernels::add(residual_grad, grad, count);
    });
  }
}

}  // namespace wav2vec
