#include "kernels/gemm.h"

#include <fmt/format.h>
#include <oneapi/dnnl/dnnl.h>

#include <algorithm>

#include "kernels/cpu_features.h"
#include "wav2vec/core/error.h"

namespace wav2vec::kernels {
namespace {

// Of the tiles that threads share. Small enough that the products of a small network make several, large
// enough that packing a tile's operands does not show.
constexpr int64_t kTileRows = 128;
constexpr int64_t kTileColumns = 128;

struct Operands {
  Transpose transpose_a, transpose_b;
  int64_t k;
  const float* a;
  int64_t lda;
  const float* b;
  int64_t ldb;
  float beta;
  float* c;
  int64_t ldc;
};

// Rows [i, i + m) and columns [j, j + n) of C.
dnnl_status_t part(const Operands& o, int64_t i, int64_t m, int64_t j, int64_t n) {
  const float* a = o.a + (o.transpose_a == Transpose::no ? i * o.lda : i);
  const float* b = o.b + (o.transpose_b == Transpose::no ? j : j * o.ldb);
  return dnnl_sgemm(static_cast<char>(o.transpose_a), static_cast<char>(o.transpose_b), m, n, o.k, 1.0F, a,
                    o.lda, b, o.ldb, o.beta, o.c + i * o.ldc + j, o.ldc);
}

int64_t tiles_of(int64_t size, int64_t tile) { return (size + tile - 1) / tile; }

// Tiles at fixed places, each by one thread: oneDNN's own threads would divide k too, and then every number
// of threads adds up in another order.
dnnl_status_t in_tiles(const Operands& o, int64_t m, int64_t n) {
  const int64_t columns = tiles_of(n, kTileColumns);
  const int64_t tiles = tiles_of(m, kTileRows) * columns;
  dnnl_status_t status = dnnl_success;
#pragma omp parallel for schedule(static)
  for (int64_t tile = 0; tile < tiles; ++tile) {
    const int64_t i = tile / columns * kTileRows;
    const int64_t j = tile % columns * kTileColumns;
    const dnnl_status_t one = part(o, i, std::min(kTileRows, m - i), j, std::min(kTileColumns, n - j));
    if (one != dnnl_success) {
#pragma omp atomic write
      status = one;
    }
  }
  return status;
}

}  // namespace

void gemm(Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n, int64_t k, const float* a,
          int64_t lda, const float* b, int64_t ldb, Write write, float* c, int64_t ldc) {
  if (m == 0 || n == 0 || k == 0) return;
  const float beta = write == Write::accumulate ? 1.0F : 0.0F;
  const Operands operands{transpose_a, transpose_b, k, a, lda, b, ldb, beta, c, ldc};
  // Its kernels for AVX-512 divide C alone.
  const dnnl_status_t status = has_avx512() ? part(operands, 0, m, 0, n) : in_tiles(operands, m, n);
  W2V_CHECK(status == dnnl_success, fmt::format("dnnl_sgemm failed ({})", static_cast<int>(status)));
}

}  // namespace wav2vec::kernels
