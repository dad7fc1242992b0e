#pragma once
// The inner loops of bf16 matrix products: C[rows, 32] (+)= A[rows, k]·B[k, 32] with f32 sums, on the tile
// unit (AMX) or by AVX-512's bf16 dot products. A is row-major with any distance between rows, so views whose
// rows overlap (convolutions) need no copy. B lies in panels of 32 columns:
//
//   panel p, step s (32 rows of B), half h (16 columns), pair r (2 rows of B), column c, parity:
//   element ((p·steps + s)·2 + h)·512 + r·32 + c·2 + parity = B[32s + 2r + parity, 32p + 16h + c]
//
// Only for the bf16_*.cc files (see bf16_vector.h).

#include <immintrin.h>

#include "wav2vec/core/dtype.h"

namespace wav2vec::kernels {
namespace {

constexpr int64_t kPanelColumns = 32;
constexpr int64_t kStepDepth = 32;
constexpr int64_t kStepElements = kPanelColumns * kStepDepth;
constexpr int64_t kTileRows = 16;

constexpr int64_t round_up(int64_t n, int64_t multiple) { return (n + multiple - 1) / multiple * multiple; }
constexpr int64_t steps_for(int64_t k) { return round_up(k, kStepDepth) / kStepDepth; }
constexpr int64_t panels_for(int64_t n) { return round_up(n, kPanelColumns) / kPanelColumns; }

/// Configures the thread's tile registers for its lifetime.
class TileSession {
 public:
  explicit TileSession(bool amx) : amx_(amx) {
    if (!amx_) return;
    struct alignas(64) {
      uint8_t palette = 1;
      uint8_t start_row = 0;
      uint8_t reserved[14] = {};
      uint16_t row_bytes[16] = {};
      uint8_t rows[16] = {};
    } config;
    for (int i = 0; i < 8; ++i) {
      config.row_bytes[i] = 64;
      config.rows[i] = kTileRows;
    }
    _tile_loadconfig(&config);
  }
  ~TileSession() {
    if (amx_) _tile_release();
  }
  TileSession(const TileSession&) = delete;
  TileSession& operator=(const TileSession&) = delete;

 private:
  bool amx_;
};

// Twice 16 rows, the second ones a_second and c_second behind the first: 2 × 2 tiles of sums, so that every
// tile that is loaded is used twice.
inline void multiply_16_rows_twice_amx(const Bf16* a, int64_t a_row, int64_t a_second, const Bf16* panel,
                                       int64_t steps, float* c, int64_t c_row, int64_t c_second,
                                       bool accumulate) {
  if (accumulate) {
    _tile_loadd(0, c, c_row * 4);
    _tile_loadd(1, c + 16, c_row * 4);
    _tile_loadd(2, c + c_second, c_row * 4);
    _tile_loadd(3, c + c_second + 16, c_row * 4);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  for (int64_t s = 0; s < steps; ++s) {
    _tile_loadd(6, panel + s * kStepElements, 64);
    _tile_loadd(4, a + s * kStepDepth, a_row * 2);
    _tile_loadd(7, panel + s * kStepElements + 512, 64);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(5, a + a_second + s * kStepDepth, a_row * 2);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_stored(0, c, c_row * 4);
  _tile_stored(1, c + 16, c_row * 4);
  _tile_stored(2, c + c_second, c_row * 4);
  _tile_stored(3, c + c_second + 16, c_row * 4);
}

inline void multiply_16_rows_amx(const Bf16* a, int64_t a_row, const Bf16* panel, int64_t steps, float* c,
                                 int64_t c_row, bool accumulate) {
  if (accumulate) {
    _tile_loadd(0, c, c_row * 4);
    _tile_loadd(1, c + 16, c_row * 4);
  } else {
    _tile_zero(0);
    _tile_zero(1);
  }
  for (int64_t s = 0; s < steps; ++s) {
    _tile_loadd(4, a + s * kStepDepth, a_row * 2);
    _tile_loadd(6, panel + s * kStepElements, 64);
    _tile_loadd(7, panel + s * kStepElements + 512, 64);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
  }
  _tile_stored(0, c, c_row * 4);
  _tile_stored(1, c + 16, c_row * 4);
}

inline __m512bh as_bf16(__m512i v) {
  __m512bh out;
  __builtin_memcpy(&out, &v, sizeof out);
  return out;
}

inline void multiply_8_rows_avx512(const Bf16* a, int64_t a_row, const Bf16* panel, int64_t steps, float* c,
                                   int64_t c_row, bool accumulate) {
  constexpr int kRows = 8;
  __m512 left[kRows];
  __m512 right[kRows];
  for (int r = 0; r < kRows; ++r) {
    left[r] = accumulate ? _mm512_loadu_ps(c + r * c_row) : _mm512_setzero_ps();
    right[r] = accumulate ? _mm512_loadu_ps(c + r * c_row + 16) : _mm512_setzero_ps();
  }
  for (int64_t k = 0; k < steps * kStepDepth / 2; ++k) {
    const Bf16* b = panel + k / 16 * kStepElements + k % 16 * 32;
    const __m512bh b_left = as_bf16(_mm512_loadu_si512(b));
    const __m512bh b_right = as_bf16(_mm512_loadu_si512(b + 512));
    for (int r = 0; r < kRows; ++r) {
      int32_t pair;
      __builtin_memcpy(&pair, a + r * a_row + 2 * k, sizeof pair);
      const __m512bh x = as_bf16(_mm512_set1_epi32(pair));
      left[r] = _mm512_dpbf16_ps(left[r], x, b_left);
      right[r] = _mm512_dpbf16_ps(right[r], x, b_right);
    }
  }
  for (int r = 0; r < kRows; ++r) {
    _mm512_storeu_ps(c + r * c_row, left[r]);
    _mm512_storeu_ps(c + r * c_row + 16, right[r]);
  }
}

/// C[rows, 32] (+)= A·panel; rows is a multiple of 16.
inline void multiply_panel(bool amx, int64_t rows, const Bf16* a, int64_t a_row, const Bf16* panel,
                           int64_t steps, float* c, int64_t c_row, bool accumulate) {
  int64_t r = 0;
  if (!amx) {
    for (; r < rows; r += 8)
      multiply_8_rows_avx512(a + r * a_row, a_row, panel, steps, c + r * c_row, c_row, accumulate);
    return;
  }
  for (; r + 32 <= rows; r += 32)
    multiply_16_rows_twice_amx(a + r * a_row, a_row, 16 * a_row, panel, steps, c + r * c_row, c_row,
                               16 * c_row, accumulate);
  if (r < rows) multiply_16_rows_amx(a + r * a_row, a_row, panel, steps, c + r * c_row, c_row, accumulate);
}

}  // namespace
}  // namespace wav2vec::kernels
