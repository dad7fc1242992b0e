#include "kernels/gemm.h"

#include <fmt/format.h>
#include <oneapi/dnnl/dnnl.h>

#include "wav2vec/core/error.h"

namespace wav2vec::kernels {

void gemm(Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n, int64_t k, const float* a,
          int64_t lda, const float* b, int64_t ldb, Write write, float* c, int64_t ldc) {
  if (m == 0 || n == 0 || k == 0) return;
  const float beta = write == Write::accumulate ? 1.0F : 0.0F;
  const dnnl_status_t status = dnnl_sgemm(static_cast<char>(transpose_a), static_cast<char>(transpose_b), m,
                                          n, k, 1.0F, a, lda, b, ldb, beta, c, ldc);
  W2V_CHECK(status == dnnl_success, fmt::format("dnnl_sgemm failed ({})", static_cast<int>(status)));
}

}  // namespace wav2vec::kernels
