#pragma once
// Matrix products by oneDNN. Row-major; called from the one compute thread only.

#include <cstdint>

#include "wav2vec/core/write.h"

namespace wav2vec::kernels {

enum class Transpose : char { no = 'N', yes = 'T' };

/// C[m, n] = op(A)[m, k] · op(B)[k, n], or += with Write::accumulate. `lda`, `ldb`, `ldc` are distances in
/// elements between rows as stored, so views with strides wider than their rows work.
void gemm(Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n, int64_t k, const float* a,
          int64_t lda, const float* b, int64_t ldb, Write write, float* c, int64_t ldc);

}  // namespace wav2vec::kernels
