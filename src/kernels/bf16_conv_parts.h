#pragma once
// What the directions of the bf16 convolution share. Only for the bf16_*.cc files (see bf16_vector.h).

#include <omp.h>

#include "kernels/bf16_conv.h"
#include "kernels/bf16_tiles.h"
#include "kernels/bf16_vector.h"
#include "kernels/thread_scratch.h"

namespace wav2vec::kernels {
namespace {

// Rows of output per block: its input, sums and one panel of weights stay in a core's second-level cache.
constexpr int64_t kMaxBlockRows = 96;
// Columns of sums that are computed at once where nothing needs a whole row.
constexpr int64_t kBlockColumns = 512;
// Below this many inputs per output (the first layer: 10 samples) a product is all writing.
constexpr int64_t kFewInputs = 32;

inline int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

inline int64_t groups_of(const ConvShape& shape) { return (shape.kernel + shape.stride - 1) / shape.stride; }
inline int64_t view_width(const ConvShape& shape) { return shape.stride * shape.in_channels; }
inline int64_t inputs_of(const ConvShape& shape) { return shape.kernel * shape.in_channels; }
inline bool has_few_inputs(const ConvShape& shape, const Rows& x) {
  return inputs_of(shape) <= kFewInputs && x.dtype == DType::f32 && x.norm.scale == nullptr;
}

// Equal shares for the threads, so that nobody waits for a large last block.
inline int64_t block_rows(int64_t rows) {
  const int64_t threads = omp_get_max_threads();
  const int64_t blocks = round_up((rows + kMaxBlockRows - 1) / kMaxBlockRows, threads);
  return smaller(kMaxBlockRows, round_up((rows + blocks - 1) / blocks, kTileRows));
}

template <class T>
inline T* scratch(ScratchSlot slot, int64_t count) {
  return static_cast<T*>(thread_scratch(slot, static_cast<size_t>(count) * sizeof(T)));
}

inline void zero(Bf16* p, int64_t count) {
  __builtin_memset(static_cast<void*>(p), 0, static_cast<size_t>(count) * sizeof(Bf16));
}

template <class T>
inline void read_plain(const T* x, int64_t count, Bf16* out) {
  for (int64_t i = 0; i < count; i += kLanes) {
    const __mmask16 m = lanes(i, count);
    store(out + i, m, load(x + i, m));
  }
}

template <class T>
inline void read_rows_of(const T* x, int64_t frames, int64_t channels, const NormOnRead& norm, Bf16* out) {
  if (norm.scale == nullptr) return read_plain(x, frames * channels, out);
  with_activation(norm.activation, [&](auto act) {
    for (int64_t t = 0; t < frames; ++t)
      normalize_frame<decltype(act)>(x + t * channels, channels, norm.scale, norm.shift, out + t * channels);
  });
}

// Frames [first, first + frames) as bf16.
inline void read_rows(const Rows& x, int64_t first, int64_t frames, int64_t channels, Bf16* out) {
  with_type(x.data, x.dtype,
            [&](const auto* from) { read_rows_of(from + first * channels, frames, channels, x.norm, out); });
}

template <class T>
inline void store_rows_as(const float* c, int64_t c_row, int64_t rows, int64_t columns, T* out,
                          int64_t out_row) {
  for (int64_t t = 0; t < rows; ++t) {
    for (int64_t n = 0; n < columns; n += kLanes) {
      const __mmask16 m = lanes(n, columns);
      store(out + t * out_row + n, m, load(c + t * c_row + n, m));
    }
  }
}

inline void store_rows(const float* c, int64_t c_row, int64_t rows, int64_t columns, void* out, DType dtype,
                       int64_t offset, int64_t out_row) {
  with_type(out, dtype, [&](auto* to) { store_rows_as(c, c_row, rows, columns, to + offset, out_row); });
}

// c = A·B for some panels of B. Panels are the outer loop: one stays close while the rows pass by.
inline void multiply(bool amx, int64_t rows, const Bf16* a, int64_t a_row, const Bf16* panels, int64_t steps,
                     int64_t first_panel, int64_t panel_count, float* c, int64_t c_row) {
  for (int64_t p = 0; p < panel_count; ++p) {
    multiply_panel(amx, rows, a, a_row, panels + (first_panel + p) * steps * kStepElements, steps,
                   c + p * kPanelColumns, c_row, false);
  }
}

// Frames as panels: they are the depth of the product.
template <class T>
inline void pack_frames(const T* x, int64_t frames, int64_t columns, int64_t step, int64_t steps,
                        Bf16* panels) {
  for (int64_t pair = 0; pair < kStepDepth / 2; ++pair) {
    const int64_t t = step * kStepDepth + 2 * pair;
    for (int64_t n = 0; n < round_up(columns, kPanelColumns); n += kLanes) {
      Bf16* out = panels + (n / kPanelColumns * steps + step) * kStepElements + n / kLanes % 2 * 512;
      const __mmask16 m = n < columns ? lanes(n, columns) : static_cast<__mmask16>(0);
      const __m512 even = t < frames ? load(x + t * columns + n, m) : _mm512_setzero_ps();
      const __m512 odd = t + 1 < frames ? load(x + (t + 1) * columns + n, m) : _mm512_setzero_ps();
      _mm512_storeu_si512(out + pair * 32, pairs(even, odd));
    }
  }
}

}  // namespace
}  // namespace wav2vec::kernels
