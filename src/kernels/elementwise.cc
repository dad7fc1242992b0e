#include "kernels/elementwise.h"

#include <algorithm>
#include <cmath>

namespace wav2vec::kernels {

void add_bias(float* x, int64_t frames, int64_t channels, const float* bias) {
#pragma omp parallel for schedule(static)
  for (int64_t t = 0; t < frames; ++t) {
    float* row = x + t * channels;
    for (int64_t c = 0; c < channels; ++c) row[c] += bias[c];
  }
}

void add_column_sums(const float* x, int64_t frames, int64_t channels, float* sums) {
  constexpr int64_t kFramesPerBlock = 64;
  constexpr int64_t kColumns = 16;  // of one thread at a time
#pragma omp parallel for schedule(static)
  for (int64_t first = 0; first < channels; first += kColumns) {
    const int64_t columns = std::min(kColumns, channels - first);
    double total[kColumns] = {};
    for (int64_t start = 0; start < frames; start += kFramesPerBlock) {
      float block[kColumns] = {};
      for (int64_t t = start; t < std::min(frames, start + kFramesPerBlock); ++t) {
        const float* row = x + t * channels + first;
        for (int64_t c = 0; c < columns; ++c) block[c] += row[c];
      }
      for (int64_t c = 0; c < columns; ++c) total[c] += static_cast<double>(block[c]);
    }
    for (int64_t c = 0; c < columns; ++c) sums[first + c] += static_cast<float>(total[c]);
  }
}

void add_and_scale(float* y, const float* x, int64_t count, float factor) {
#pragma omp parallel for simd schedule(static)
  for (int64_t i = 0; i < count; ++i) y[i] = (y[i] + x[i]) * factor;
}

void add_scaled(float* y, const float* x, int64_t count, float factor) {
#pragma omp parallel for simd schedule(static)
  for (int64_t i = 0; i < count; ++i) y[i] += x[i] * factor;
}

void log_compress(const float* x, int64_t count, float* y) {
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < count; ++i) y[i] = std::log1p(std::fabs(x[i]));
}

void log_compress_backward(const float* dy, const float* x, int64_t count, float* dx) {
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < count; ++i) {
    const float sign = x[i] > 0.0F ? 1.0F : (x[i] < 0.0F ? -1.0F : 0.0F);
    dx[i] = dy[i] * sign / (std::fabs(x[i]) + 1.0F);
  }
}

}  // namespace wav2vec::kernels
