#pragma once
// What this CPU and the kernel under it allow.

namespace wav2vec::kernels {

/// AVX-512 as oneDNN asks for it (F, BW, DQ, VL).
bool has_avx512();

/// AVX-512 with bf16 products (F, BW, DQ, VL, BF16): what the bf16_*.cc files are compiled for.
bool has_avx512_bf16();

/// The tile unit with bf16 products. Asks the operating system for the tile registers once.
bool has_amx_bf16();

}  // namespace wav2vec::kernels
