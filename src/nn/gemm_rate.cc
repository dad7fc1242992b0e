#include "wav2vec/nn/gemm_rate.h"

#include <algorithm>
#include <chrono>

#include "kernels/plain_product.h"

namespace wav2vec {

double measure_gemm_gflops(DType dtype) {
  using Clock = std::chrono::steady_clock;
  constexpr int64_t kSize = 2048;
  constexpr int kRepetitions = 12;
  kernels::PlainProduct product(dtype, kSize);
  product.run();
  double best = 1e30;
  for (int i = 0; i < kRepetitions; ++i) {
    const auto start = Clock::now();
    product.run();
    best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count());
  }
  const auto size = static_cast<double>(kSize);
  return 2.0 * size * size * size / best * 1e-9;
}

}  // namespace wav2vec
