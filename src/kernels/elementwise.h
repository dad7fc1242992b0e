#pragma once
// Passes over [frames, channels] that are pure memory traffic.

#include <cstdint>

namespace wav2vec::kernels {

/// x[t, c] += bias[c]
void add_bias(float* x, int64_t frames, int64_t channels, const float* bias);

/// sums[c] += Σ_t x[t, c], added in an order that does not depend on the threads.
void add_column_sums(const float* x, int64_t frames, int64_t channels, float* sums);

/// y[i] = (y[i] + x[i]) · scale
void add_and_scale(float* y, const float* x, int64_t count, float scale);

/// y[i] += x[i]·scale
void add_scaled(float* y, const float* x, int64_t count, float scale);

/// y = ln(|x| + 1); y may be x.
void log_compress(const float* x, int64_t count, float* y);

/// dx = dy · sign(x) / (|x| + 1); dx may be dy.
void log_compress_backward(const float* dy, const float* x, int64_t count, float* dx);

}  // namespace wav2vec::kernels
