#include "wav2vec/nn/convert.h"

#include <algorithm>

namespace wav2vec {

void convert(const Activations& x, const Activations& y) {
  for (int64_t b = 0; b < x.batch; ++b) {
    const int64_t count = x.length(b) * x.channels;
    if (x.dtype == DType::f32 && y.dtype == DType::f32) {
      std::copy_n(x.item(b), count, y.item(b));
    } else if (x.dtype == DType::f32) {
      std::transform(x.item(b), x.item(b) + count, y.bf16_item(b), to_bf16);
    } else if (y.dtype == DType::f32) {
      std::transform(x.bf16_item(b), x.bf16_item(b) + count, y.item(b), [](Bf16 v) { return to_float(v); });
    } else {
      std::copy_n(x.bf16_item(b), count, y.bf16_item(b));
    }
  }
}

}  // namespace wav2vec
