#pragma once

#include "wav2vec/core/dtype.h"

namespace wav2vec {

/// What this machine multiplies at best, in GFLOP/s: a large plain matrix product by oneDNN on the compute
/// threads, the fastest of several. Takes about a second.
double measure_gemm_gflops(DType dtype);

}  // namespace wav2vec
