#include "wav2vec/nn/dropout.h"

namespace wav2vec {

void apply_dropout(const Activations& x, double rate, uint64_t layer, const TrainingRandom& random) {
  if (rate <= 0.0) return;
  const auto kept_scale = static_cast<float>(1.0 / (1.0 - rate));
  for (int64_t b = 0; b < x.batch; ++b) {
    const RandomStream stream(random.seed, RandomUse::dropout,
                              {random.item_keys[static_cast<size_t>(b)], layer});
    const int64_t count = x.length(b) * x.channels;
    const auto masked = [&](int64_t i, float value) {
      return stream.uniform(static_cast<uint64_t>(i)) < rate ? 0.0F : value * kept_scale;
    };
    if (x.dtype == DType::f32) {
      float* values = x.item(b);
#pragma omp parallel for schedule(static)
      for (int64_t i = 0; i < count; ++i) values[i] = masked(i, values[i]);
    } else {
      Bf16* values = x.bf16_item(b);
#pragma omp parallel for schedule(static)
      for (int64_t i = 0; i < count; ++i) values[i] = to_bf16(masked(i, to_float(values[i])));
    }
  }
}

}  // namespace wav2vec
