#include "kernels/bf16_conv.h"

#include <omp.h>

#include "kernels/bf16_tiles.h"
#include "kernels/bf16_vector.h"
#include "kernels/thread_scratch.h"

namespace wav2vec::kernels {
namespace {

// Rows of output per block: its input, sums and one panel of weights stay in a core's second-level cache.
constexpr int64_t kMaxBlockRows = 96;
// Columns of sums that are computed at once where nothing needs a whole row.
constexpr int64_t kBlockColumns = 512;
// Frames per pass of the weight gradient, and columns of the input view per job.
constexpr int64_t kChunkFrames = 1024;
constexpr int64_t kChunkSteps = kChunkFrames / kStepDepth;
constexpr int64_t kMaxJobColumns = 256;
// Below this many inputs per output (the first layer: 10 samples) a product is all writing.
constexpr int64_t kFewInputs = 32;

int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

int64_t groups_of(const ConvShape& shape) { return (shape.kernel + shape.stride - 1) / shape.stride; }
int64_t view_width(const ConvShape& shape) { return shape.stride * shape.in_channels; }
int64_t inputs_of(const ConvShape& shape) { return shape.kernel * shape.in_channels; }
bool has_few_inputs(const ConvShape& shape, const Rows& x) {
  return inputs_of(shape) <= kFewInputs && x.dtype == DType::f32 && x.norm.scale == nullptr;
}

// Equal shares for the threads, so that nobody waits for a large last block.
int64_t block_rows(int64_t rows) {
  const int64_t threads = omp_get_max_threads();
  const int64_t blocks = round_up((rows + kMaxBlockRows - 1) / kMaxBlockRows, threads);
  return smaller(kMaxBlockRows, round_up((rows + blocks - 1) / blocks, kTileRows));
}

template <class T>
T* scratch(ScratchSlot slot, int64_t count) {
  return static_cast<T*>(thread_scratch(slot, static_cast<size_t>(count) * sizeof(T)));
}

void zero(Bf16* p, int64_t count) {
  __builtin_memset(static_cast<void*>(p), 0, static_cast<size_t>(count) * sizeof(Bf16));
}

template <class T>
void read_plain(const T* x, int64_t count, Bf16* out) {
  for (int64_t i = 0; i < count; i += kLanes) {
    const __mmask16 m = lanes(i, count);
    store(out + i, m, load(x + i, m));
  }
}

template <class T>
void read_rows_of(const T* x, int64_t frames, int64_t channels, const NormOnRead& norm, Bf16* out) {
  if (norm.scale == nullptr) return read_plain(x, frames * channels, out);
  with_activation(norm.activation, [&](auto act) {
    for (int64_t t = 0; t < frames; ++t)
      normalize_frame<decltype(act)>(x + t * channels, channels, norm.scale, norm.shift, out + t * channels);
  });
}

// Frames [first, first + frames) as bf16.
void read_rows(const Rows& x, int64_t first, int64_t frames, int64_t channels, Bf16* out) {
  with_type(x.data, x.dtype,
            [&](const auto* from) { read_rows_of(from + first * channels, frames, channels, x.norm, out); });
}

void add_bias_to(float* c, int64_t c_row, int64_t rows, int64_t columns, const float* bias) {
  for (int64_t t = 0; t < rows; ++t) {
    for (int64_t n = 0; n < columns; n += kLanes) {
      const __mmask16 m = lanes(n, columns);
      store(c + t * c_row + n, m, _mm512_add_ps(load(c + t * c_row + n, m), load(bias + n, m)));
    }
  }
}

template <class T>
void store_rows_as(const float* c, int64_t c_row, int64_t rows, int64_t columns, T* out, int64_t out_row) {
  for (int64_t t = 0; t < rows; ++t) {
    for (int64_t n = 0; n < columns; n += kLanes) {
      const __mmask16 m = lanes(n, columns);
      store(out + t * out_row + n, m, load(c + t * c_row + n, m));
    }
  }
}

void add_rows(const float* c, int64_t c_row, int64_t rows, int64_t columns, float* out, int64_t out_row) {
  for (int64_t t = 0; t < rows; ++t) {
    for (int64_t n = 0; n < columns; n += kLanes) {
      const __mmask16 m = lanes(n, columns);
      store(out + t * out_row + n, m,
            _mm512_add_ps(load(out + t * out_row + n, m), load(c + t * c_row + n, m)));
    }
  }
}

void store_rows(const float* c, int64_t c_row, int64_t rows, int64_t columns, void* out, DType dtype,
                int64_t offset, int64_t out_row) {
  with_type(out, dtype, [&](auto* to) { store_rows_as(c, c_row, rows, columns, to + offset, out_row); });
}

// c = A·B for some panels of B. Panels are the outer loop: one stays close while the rows pass by.
void multiply(bool amx, int64_t rows, const Bf16* a, int64_t a_row, const Bf16* panels, int64_t steps,
              int64_t first_panel, int64_t panel_count, float* c, int64_t c_row) {
  for (int64_t p = 0; p < panel_count; ++p) {
    multiply_panel(amx, rows, a, a_row, panels + (first_panel + p) * steps * kStepElements, steps,
                   c + p * kPanelColumns, c_row, false);
  }
}

// ---- few inputs: the first layer, straight from f32 samples with f32 weights

constexpr int64_t kFewColumns = 4 * kLanes;

// Columns [first_column, first_column + columns) of rows [first, first + rows).
void few_inputs_rows(const ConvShape& shape, const float* x, const float* w, int64_t first, int64_t rows,
                     int64_t first_column, int64_t columns, float* c, int64_t c_row) {
  const int64_t hop = view_width(shape);
  const int64_t inputs = inputs_of(shape);
  const int64_t outs = shape.out_channels;
  for (int64_t n = 0; n < columns; n += kFewColumns) {
    __mmask16 m[4];
    for (int64_t v = 0; v < 4; ++v)
      m[v] = n + v * kLanes < columns ? lanes(n + v * kLanes, columns) : static_cast<__mmask16>(0);
    const float* weights = w + first_column + n;
    for (int64_t t = 0; t < rows; ++t) {
      const float* in = x + (first + t) * hop;
      __m512 sum[4] = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps()};
      for (int64_t i = 0; i < inputs; ++i) {
        const __m512 value = _mm512_set1_ps(in[i]);
        for (int64_t v = 0; v < 4; ++v)
          sum[v] = _mm512_fmadd_ps(value, load(weights + i * outs + v * kLanes, m[v]), sum[v]);
      }
      for (int64_t v = 0; v < 4; ++v) store(c + t * c_row + n + v * kLanes, m[v], sum[v]);
    }
  }
}

// sums[inputs, columns] += over frames [first, first + frames) of dy, given as f32.
void add_few_inputs_weights(const ConvShape& shape, const float* x, const float* dy, int64_t frames,
                            float* sums) {
  constexpr int64_t kInputs = 10;  // at once: 10 × 2 sums stay in registers
  const int64_t hop = view_width(shape);
  const int64_t inputs = inputs_of(shape);
  const int64_t columns = shape.out_channels;
  for (int64_t n = 0; n < columns; n += 2 * kLanes) {
    const __mmask16 m0 = lanes(n, columns);
    const __mmask16 m1 = n + kLanes < columns ? lanes(n + kLanes, columns) : static_cast<__mmask16>(0);
    for (int64_t i0 = 0; i0 < inputs; i0 += kInputs) {
      const int64_t count = smaller(kInputs, inputs - i0);
      __m512 left[kInputs];
      __m512 right[kInputs];
      for (int64_t i = 0; i < kInputs; ++i) left[i] = right[i] = _mm512_setzero_ps();
      for (int64_t t = 0; t < frames; ++t) {
        const __m512 g0 = load(dy + t * columns + n, m0);
        const __m512 g1 = load(dy + t * columns + n + kLanes, m1);
        const float* in = x + t * hop + i0;
        if (count == kInputs) {
          for (int64_t i = 0; i < kInputs; ++i) {
            left[i] = _mm512_fmadd_ps(_mm512_set1_ps(in[i]), g0, left[i]);
            right[i] = _mm512_fmadd_ps(_mm512_set1_ps(in[i]), g1, right[i]);
          }
        } else {
          for (int64_t i = 0; i < count; ++i) {
            left[i] = _mm512_fmadd_ps(_mm512_set1_ps(in[i]), g0, left[i]);
            right[i] = _mm512_fmadd_ps(_mm512_set1_ps(in[i]), g1, right[i]);
          }
        }
      }
      for (int64_t i = 0; i < count; ++i) {
        float* sum = sums + (i0 + i) * columns + n;
        store(sum, m0, _mm512_add_ps(load(sum, m0), left[i]));
        store(sum + kLanes, m1, _mm512_add_ps(load(sum + kLanes, m1), right[i]));
      }
    }
  }
}

template <class T>
void few_inputs_weight_sums(const ConvShape& shape, const float* x, const T* dy, int64_t first,
                            int64_t frames, float* sums) {
  // dy is copied along its rows, in which memory is fast, and then read along its columns from the cache.
  constexpr int64_t kFramesAtOnce = 16;
  const int64_t columns = shape.out_channels;
  float* copy = scratch<float>(ScratchSlot::operand, kFramesAtOnce * columns);
  for (int64_t i = 0; i < inputs_of(shape) * columns; ++i) sums[i] = 0.0F;
  for (int64_t t = first; t < first + frames; t += kFramesAtOnce) {
    const int64_t count = smaller(kFramesAtOnce, first + frames - t);
    for (int64_t i = 0; i < count * columns; i += kLanes) {
      const __mmask16 m = lanes(i, count * columns);
      store(copy + i, m, load(dy + t * columns + i, m));
    }
    add_few_inputs_weights(shape, x + t * view_width(shape), copy, count, sums);
  }
}

void few_inputs_backward_weights(const ConvShape& shape, const Rows& x, const Rows& dy, float* dw) {
  // Blocks of fixed size with their own sums, added in order: the result does not depend on the threads.
  constexpr int64_t kFramesPerBlock = 256;
  const int64_t frames = shape.out_frames();
  const int64_t blocks = (frames + kFramesPerBlock - 1) / kFramesPerBlock;
  const int64_t count = inputs_of(shape) * shape.out_channels;
  float* sums = scratch<float>(ScratchSlot::result, blocks * count);
  const auto* samples = static_cast<const float*>(x.data);
#pragma omp parallel for schedule(dynamic, 1)
  for (int64_t block = 0; block < blocks; ++block) {
    const int64_t first = block * kFramesPerBlock;
    const int64_t block_frames = smaller(kFramesPerBlock, frames - first);
    with_type(dy.data, dy.dtype, [&](const auto* from) {
      few_inputs_weight_sums(shape, samples, from, first, block_frames, sums + block * count);
    });
  }
  for (int64_t block = 0; block < blocks; ++block) {
    for (int64_t i = 0; i < count; ++i) dw[i] += sums[block * count + i];
  }
}

// ---- weights for the gradient of the input
//
// B[(groups − 1 − g)·out + n, v] = w[g·width + v, n]: row r of dx is the product with frames r − groups + 1
// .. r of dy, laid side by side. Rows of B run along rows of w, so a 16 × 32 block of w becomes, as pairs,
// the transpose of half a step.

// 32 values as 16 pairs of neighbours.
__m512i adjacent_pairs(const float* values) {
  const __m512i even = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
  const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
  const __m512 low = _mm512_loadu_ps(values);
  const __m512 high = _mm512_loadu_ps(values + kLanes);
  return pairs(_mm512_permutex2var_ps(low, even, high), _mm512_permutex2var_ps(low, odd, high));
}

// Rows 32·step .. 32·step + 31 of column v, as 16 pairs.
__m512i backward_weight_pairs(const ConvShape& shape, const float* w, int64_t step, int64_t v) {
  const int64_t outs = shape.out_channels;
  const int64_t width = view_width(shape);
  const int64_t groups = groups_of(shape);
  // The row of w that row `row` of B comes from, or null where there is none.
  const auto source = [&](int64_t row) -> const float* {
    const int64_t w_row = (groups - 1 - row / outs) * width + v;
    return row < groups * outs && v < width && w_row < inputs_of(shape) ? w + w_row * outs + row % outs
                                                                        : nullptr;
  };
  const int64_t first = step * kStepDepth;
  alignas(64) float gathered[kStepDepth];
  const float* values = gathered;
  if (outs % kStepDepth == 0) {
    values = source(first);
    if (values == nullptr) return _mm512_setzero_si512();
  } else {  // a step may cross from one group to the next
    for (int64_t d = 0; d < kStepDepth; ++d) {
      const float* p = source(first + d);
      gathered[d] = p != nullptr ? *p : 0.0F;
    }
  }
  return adjacent_pairs(values);
}

int64_t panel_elements(int64_t k, int64_t n) { return panels_for(n) * steps_for(k) * kStepElements; }

// A step of a panel from 32 rows of w: its rows are the product's depth.
void pack_block_forward(const float* block, int64_t row_length, Bf16* out) {
  for (int64_t pair = 0; pair < kStepDepth / 2; ++pair) {
    const float* even = block + 2 * pair * row_length;
    for (int64_t half = 0; half < 2; ++half) {
      const __m512i packed =
          pairs(_mm512_loadu_ps(even + half * kLanes), _mm512_loadu_ps(even + row_length + half * kLanes));
      _mm512_storeu_si512(out + half * 512 + pair * 32, packed);
    }
  }
}

// The same from the transposed block.
void pack_block_backward(const float* block, int64_t row_length, Bf16* out) {
  for (int64_t half = 0; half < 2; ++half) {
    __m512i rows[16];
    for (int64_t i = 0; i < 16; ++i) rows[i] = adjacent_pairs(block + (half * kLanes + i) * row_length);
    transpose_16x16(rows);
    for (int64_t r = 0; r < 16; ++r) _mm512_storeu_si512(out + half * 512 + r * 32, rows[r]);
  }
}

// ---- weight gradient

// dy as panels: its frames are the depth of the product.
template <class T>
void pack_frames(const T* dy, int64_t frames, int64_t columns, int64_t step, int64_t steps, Bf16* panels) {
  for (int64_t pair = 0; pair < kStepDepth / 2; ++pair) {
    const int64_t t = step * kStepDepth + 2 * pair;
    for (int64_t n = 0; n < round_up(columns, kPanelColumns); n += kLanes) {
      Bf16* out = panels + (n / kPanelColumns * steps + step) * kStepElements + n / kLanes % 2 * 512;
      const __mmask16 m = n < columns ? lanes(n, columns) : static_cast<__mmask16>(0);
      const __m512 even = t < frames ? load(dy + t * columns + n, m) : _mm512_setzero_ps();
      const __m512 odd = t + 1 < frames ? load(dy + (t + 1) * columns + n, m) : _mm512_setzero_ps();
      _mm512_storeu_si512(out + pair * 32, pairs(even, odd));
    }
  }
}

// The input view transposed: out[j, t − first] = view[t, column + j], zero where the view ends.
struct ViewSlice {
  int64_t first_frame = 0;
  int64_t frames = 0;  // a multiple of kStepDepth
  int64_t column = 0;
  int64_t columns = 0;
  int64_t out_row = 0;
};

template <class Act, bool kNormed, class T>
void transpose_view(const T* x, int64_t elements, int64_t width, const float* scale, const float* shift,
                    const ViewSlice& slice, Bf16* out) {
  for (int64_t j = 0; j < slice.columns; j += kLanes) {
    const __mmask16 in_view = lanes(j, slice.columns);
    const __m512 s = kNormed ? load(scale + slice.column + j, in_view) : _mm512_setzero_ps();
    const __m512 b = kNormed ? load(shift + slice.column + j, in_view) : _mm512_setzero_ps();
    const auto row = [&](int64_t t) {
      const int64_t element = t * width + slice.column + j;
      if (element >= elements) return _mm512_setzero_ps();
      const __mmask16 m = static_cast<__mmask16>(in_view & lanes(element, elements));
      const __m512 v = load(x + element, m);
      if constexpr (!kNormed) return v;
      return _mm512_maskz_mov_ps(m, Act::value(_mm512_fmadd_ps(v, s, b)));
    };
    for (int64_t t = 0; t < slice.frames; t += kStepDepth) {
      __m512i block[16];
      for (int64_t i = 0; i < 16; ++i) {
        const int64_t frame = slice.first_frame + t + 2 * i;
        block[i] = pairs(row(frame), row(frame + 1));
      }
      transpose_16x16(block);
      const int64_t count = smaller(kLanes, slice.columns - j);
      for (int64_t i = 0; i < count; ++i) _mm512_storeu_si512(out + (j + i) * slice.out_row + t, block[i]);
    }
  }
}

template <class T>
void transpose_rows(const T* x, int64_t elements, int64_t width, const NormOnRead& norm,
                    const float* tiled_scale, const float* tiled_shift, const ViewSlice& slice, Bf16* out) {
  if (norm.scale == nullptr)
    return transpose_view<VectorRelu, false>(x, elements, width, nullptr, nullptr, slice, out);
  with_activation(norm.activation, [&](auto act) {
    transpose_view<decltype(act), true>(x, elements, width, tiled_scale, tiled_shift, slice, out);
  });
}

// Rows of a view of `width` columns whose first `columns` columns lie within `elements`.
int64_t whole_rows(int64_t elements, int64_t width, int64_t columns) {
  return elements < columns ? 0 : (elements - columns) / width + 1;
}

// Steps that an item takes up in the depth of the product: its frames, and as many more as the last group
// reads later, so that no group reaches into the next item.
int64_t steps_of(const WeightGradientItem& item) {
  return steps_for(item.shape.out_frames() + groups_of(item.shape) - 1);
}

int64_t total_steps(const WeightGradientItem* items, int64_t count) {
  int64_t steps = 0;
  for (int64_t i = 0; i < count; ++i) steps += steps_of(items[i]);
  return steps;
}

// Every item's dy behind the one before. Called by all threads of a team; the next barrier ends it.
void pack_gradients(const WeightGradientItem* items, int64_t count, int64_t steps, Bf16* panels) {
  Bf16* at = panels;
  for (int64_t i = 0; i < count; ++i) {
    const Rows& dy = items[i].dy;
    const int64_t frames = items[i].shape.out_frames();
    const int64_t outs = items[i].shape.out_channels;
    const int64_t item_steps = steps_of(items[i]);
#pragma omp for schedule(static) nowait
    for (int64_t step = 0; step < item_steps; ++step) {
      with_type(dy.data, dy.dtype,
                [&](const auto* from) { pack_frames(from, frames, outs, step, steps, at); });
    }
    at += item_steps * kStepElements;
  }
#pragma omp barrier
}

// The item's scale and shift, each repeated over the view's width, so that a vector may cross from one frame
// to the next.
void tile_norm(const WeightGradientItem& item, float* tiled) {
  if (item.x.norm.scale == nullptr) return;
  const int64_t width = view_width(item.shape);
  for (int64_t v = 0; v < width; ++v) {
    tiled[v] = item.x.norm.scale[v % item.shape.in_channels];
    tiled[width + v] = item.x.norm.shift[v % item.shape.in_channels];
  }
}

// Columns slice.column … of the input views of all items, transposed, for the steps [first, first +
// count_steps).
void transpose_chunk(const WeightGradientItem* items, int64_t count, const float* tiled, int64_t first,
                     int64_t chunk_steps, ViewSlice slice, Bf16* out) {
  const int64_t width = view_width(items[0].shape);
  const int64_t shifted =
      round_up(groups_of(items[0].shape) - 1, kStepDepth);  // group g reads g frames later
  const int64_t end = first + chunk_steps;
  int64_t item_first = 0;
  for (int64_t i = 0; i < count; item_first += steps_of(items[i]), ++i) {
    const int64_t from = larger(first, item_first);
    const int64_t to = smaller(end, item_first + steps_of(items[i]));
    if (from >= to) continue;
    const Rows& x = items[i].x;
    const int64_t elements = items[i].shape.in_frames * items[i].shape.in_channels;
    const float* scale = tiled + 2 * width * i;
    slice.first_frame = (from - item_first) * kStepDepth;
    slice.frames = (to - from) * kStepDepth + (to == end ? shifted : 0);
    Bf16* at = out + (from - first) * kStepDepth;
    with_type(x.data, x.dtype, [&](const auto* values) {
      transpose_rows(values, elements, width, x.norm, scale, scale + width, slice, at);
    });
  }
}

// Adds sums[groups, columns, out] to the rows of dw that they belong to.
void add_to_weights(const ConvShape& shape, const float* sums, int64_t sums_row, int64_t job_columns,
                    int64_t first_column, int64_t columns, int64_t first_out, int64_t outs, float* dw) {
  const int64_t width = view_width(shape);
  for (int64_t g = 0; g < groups_of(shape); ++g) {
    const int64_t first_row = g * width + first_column;
    const int64_t rows = larger(0, smaller(columns, inputs_of(shape) - first_row));
    add_rows(sums + g * job_columns * sums_row, sums_row, rows, outs,
             dw + first_row * shape.out_channels + first_out, shape.out_channels);
  }
}

}  // namespace

int64_t bf16_forward_panel_elements(const ConvShape& shape) {
  return panel_elements(inputs_of(shape), shape.out_channels);
}

int64_t bf16_backward_panel_elements(const ConvShape& shape) {
  return panel_elements(groups_of(shape) * shape.out_channels, view_width(shape));
}

void bf16_pack_forward(const ConvShape& shape, const float* w, Bf16* panels) {
  const int64_t k = inputs_of(shape);
  const int64_t steps = steps_for(k);
#pragma omp parallel for schedule(static)
  for (int64_t step = 0; step < steps; ++step) pack_frames(w, k, shape.out_channels, step, steps, panels);
}

void bf16_pack_backward(const ConvShape& shape, const float* w, Bf16* panels) {
  const int64_t steps = steps_for(groups_of(shape) * shape.out_channels);
  const int64_t halves = panels_for(view_width(shape)) * 2;
#pragma omp parallel for schedule(static)
  for (int64_t half = 0; half < halves; ++half) {
    for (int64_t step = 0; step < steps; ++step) {
      __m512i block[16];
      for (int64_t i = 0; i < 16; ++i) block[i] = backward_weight_pairs(shape, w, step, half * kLanes + i);
      transpose_16x16(block);
      Bf16* out = panels + (half / 2 * steps + step) * kStepElements + half % 2 * 512;
      for (int64_t r = 0; r < 16; ++r) _mm512_storeu_si512(out + r * 32, block[r]);
    }
  }
}

void bf16_pack_both(const ConvShape& shape, const float* w, Bf16* forward, Bf16* backward) {
  const int64_t width = view_width(shape);
  const int64_t outs = shape.out_channels;
  const int64_t groups = groups_of(shape);
  if (width % kPanelColumns != 0 || outs % kPanelColumns != 0 || shape.kernel % shape.stride != 0) {
    bf16_pack_forward(shape, w, forward);
    bf16_pack_backward(shape, w, backward);
    return;
  }
  // A block of 32 × 32 weights is one step of one panel either way, so it is read once.
  const int64_t row_blocks = inputs_of(shape) / kStepDepth;
  const int64_t column_blocks = outs / kPanelColumns;
  const int64_t backward_steps = groups * column_blocks;
#pragma omp parallel for schedule(static)
  for (int64_t row_block = 0; row_block < row_blocks; ++row_block) {
    const int64_t row = row_block * kStepDepth;
    const int64_t group = row / width;
    const int64_t backward_panel = row % width / kPanelColumns;
    for (int64_t column_block = 0; column_block < column_blocks; ++column_block) {
      const float* block = w + row * outs + column_block * kPanelColumns;
      pack_block_forward(block, outs, forward + (column_block * row_blocks + row_block) * kStepElements);
      const int64_t backward_step = (groups - 1 - group) * column_blocks + column_block;
      pack_block_backward(block, outs,
                          backward + (backward_panel * backward_steps + backward_step) * kStepElements);
    }
  }
}

void bf16_conv_forward(const ConvShape& shape, const Rows& x, const Bf16* panels, const float* w,
                       const float* bias, void* y, DType y_dtype, double* row_moments, bool amx) {
  const int64_t frames = shape.out_frames();
  const int64_t channels = shape.in_channels;
  const int64_t outs = shape.out_channels;
  const int64_t hop = view_width(shape);
  const int64_t steps = steps_for(inputs_of(shape));
  const int64_t rows_per_block = block_rows(frames);
  const int64_t blocks = (frames + rows_per_block - 1) / rows_per_block;
  const int64_t columns_at_once = row_moments != nullptr
                                      ? round_up(outs, kPanelColumns)
                                      : smaller(round_up(outs, kPanelColumns), kBlockColumns);
  const bool few = has_few_inputs(shape, x);
#pragma omp parallel
  {
    const TileSession session(amx);
    const int64_t a_elements = (rows_per_block - 1) * hop + inputs_of(shape) + kStepDepth;
    Bf16* a = scratch<Bf16>(ScratchSlot::operand, a_elements);
    float* c = scratch<float>(ScratchSlot::result, rows_per_block * columns_at_once);
#pragma omp for schedule(dynamic, 1)
    for (int64_t block = 0; block < blocks; ++block) {
      const int64_t first = block * rows_per_block;
      const int64_t rows = smaller(rows_per_block, frames - first);
      if (!few) {
        const int64_t in_frames = (rows - 1) * shape.stride + shape.kernel;
        read_rows(x, first * shape.stride, in_frames, channels, a);
        zero(a + in_frames * channels, a_elements - in_frames * channels);
      }
      for (int64_t n = 0; n < outs; n += columns_at_once) {
        const int64_t columns = smaller(columns_at_once, outs - n);
        if (few) {
          few_inputs_rows(shape, static_cast<const float*>(x.data), w, first, rows, n, columns, c,
                          columns_at_once);
        } else {
          multiply(amx, round_up(rows, kTileRows), a, hop, panels, steps, n / kPanelColumns,
                   panels_for(columns), c, columns_at_once);
        }
        if (bias != nullptr) add_bias_to(c, columns_at_once, rows, columns, bias + n);
        for (int64_t t = 0; row_moments != nullptr && t < rows; ++t)
          moments_of_row(c + t * columns_at_once, columns, row_moments + 2 * (first + t));
        store_rows(c, columns_at_once, rows, columns, y, y_dtype, first * outs + n, outs);
      }
    }
  }
}

int64_t bf16_gradient_panel_elements(const WeightGradientItem* items, int64_t count) {
  const ConvShape& shape = items[0].shape;
  if (has_few_inputs(shape, items[0].x)) return 0;
  return total_steps(items, count) * panels_for(shape.out_channels) * kStepElements;
}

void bf16_conv_backward_weights(const WeightGradientItem* items, int64_t count, Bf16* dy_panels, float* dw,
                                bool amx) {
  const ConvShape& shape = items[0].shape;
  if (has_few_inputs(shape, items[0].x)) {
    for (int64_t i = 0; i < count; ++i)
      few_inputs_backward_weights(items[i].shape, items[i].x, items[i].dy, dw);
    return;
  }
  const int64_t outs = shape.out_channels;
  const int64_t steps = total_steps(items, count);
  const int64_t width = view_width(shape);
  const int64_t groups = groups_of(shape);
  const int64_t out_blocks = (outs + kBlockColumns - 1) / kBlockColumns;
  // Enough jobs for every thread to have several.
  int64_t job_columns = kMaxJobColumns;
  while (job_columns > 2 * kTileRows &&
         (width + job_columns - 1) / job_columns * out_blocks < 4 * omp_get_max_threads())
    job_columns /= 2;
  const int64_t jobs = (width + job_columns - 1) / job_columns * out_blocks;
  const int64_t sums_row = smaller(round_up(outs, kPanelColumns), kBlockColumns);
  const int64_t out_row = kChunkFrames + round_up(groups - 1, kStepDepth) + kStepDepth;
  float* tiled = scratch<float>(ScratchSlot::other, 2 * width * count);
  for (int64_t i = 0; i < count; ++i) tile_norm(items[i], tiled + 2 * width * i);
#pragma omp parallel
  {
    pack_gradients(items, count, steps, dy_panels);
    const TileSession session(amx);
    Bf16* transposed = scratch<Bf16>(ScratchSlot::operand, job_columns * out_row + kStepDepth);
    float* sums = scratch<float>(ScratchSlot::result, groups * job_columns * sums_row);
#pragma omp for schedule(dynamic, 1)
    for (int64_t job = 0; job < jobs; ++job) {
      const int64_t column = job / out_blocks * job_columns;
      const int64_t columns = smaller(job_columns, width - column);
      const int64_t first_out = job % out_blocks * kBlockColumns;
      const int64_t job_outs = smaller(kBlockColumns, outs - first_out);
      // Rows of tiles beyond the columns multiply whatever lies there; keep it finite.
      if (columns % kTileRows != 0) zero(transposed, job_columns * out_row + kStepDepth);
      for (int64_t step = 0; step < steps; step += kChunkSteps) {
        const int64_t chunk_steps = smaller(kChunkSteps, steps - step);
        const ViewSlice slice{0, 0, column, columns, out_row};
        transpose_chunk(items, count, tiled, step, chunk_steps, slice, transposed);
        for (int64_t p = 0; p < panels_for(job_outs); ++p) {
          const Bf16* panel = dy_panels + ((first_out / kPanelColumns + p) * steps + step) * kStepElements;
          for (int64_t g = 0; g < groups; ++g) {
            multiply_panel(amx, round_up(columns, kTileRows), transposed + g, out_row, panel, chunk_steps,
                           sums + g * job_columns * sums_row + p * kPanelColumns, sums_row, step > 0);
          }
        }
      }
      add_to_weights(shape, sums, sums_row, job_columns, column, columns, first_out, job_outs, dw);
    }
  }
}

void bf16_conv_backward_data(const ConvShape& shape, const Rows& dy, const Bf16* panels, void* dx,
                             DType dx_dtype, bool amx) {
  const int64_t frames = shape.out_frames();
  const int64_t outs = shape.out_channels;
  const int64_t width = view_width(shape);
  const int64_t groups = groups_of(shape);
  const int64_t steps = steps_for(groups * outs);
  const int64_t view_rows = (shape.in_frames + shape.stride - 1) / shape.stride;
  const int64_t rows_per_block = block_rows(view_rows);
  const int64_t blocks = (view_rows + rows_per_block - 1) / rows_per_block;
  const int64_t columns_at_once = smaller(round_up(width, kPanelColumns), kBlockColumns);
  const int64_t elements = shape.in_frames * shape.in_channels;
#pragma omp parallel
  {
    const TileSession session(amx);
    const int64_t a_rows = rows_per_block + groups - 1;
    Bf16* a = scratch<Bf16>(ScratchSlot::operand, a_rows * outs + kStepDepth);
    float* c = scratch<float>(ScratchSlot::result, rows_per_block * columns_at_once);
#pragma omp for schedule(dynamic, 1)
    for (int64_t block = 0; block < blocks; ++block) {
      const int64_t first = block * rows_per_block;
      const int64_t rows = smaller(rows_per_block, view_rows - first);
      // Frames first − groups + 1 .. first + rows − 1 of dy, zero outside.
      const int64_t from = first - groups + 1;
      const int64_t before = larger(0, -from);
      const int64_t present = larger(0, smaller(frames, first + rows) - (from + before));
      zero(a, before * outs);
      read_rows(dy, from + before, present, outs, a + before * outs);
      zero(a + (before + present) * outs, (a_rows - before - present) * outs + kStepDepth);
      for (int64_t n = 0; n < width; n += columns_at_once) {
        const int64_t columns = smaller(columns_at_once, width - n);
        multiply(amx, round_up(rows, kTileRows), a, outs, panels, steps, n / kPanelColumns,
                 panels_for(columns), c, columns_at_once);
        // The last row of the view may be cut.
        const int64_t whole = smaller(rows, larger(0, whole_rows(elements, width, n + columns) - first));
        const int64_t rest = larger(0, smaller(columns, elements - (first + whole) * width - n));
        const int64_t offset = first * width + n;
        store_rows(c, columns_at_once, whole, columns, dx, dx_dtype, offset, width);
        if (whole < rows)
          store_rows(c + whole * columns_at_once, columns_at_once, 1, rest, dx, dx_dtype,
                     offset + whole * width, width);
      }
    }
  }
}

}  // namespace wav2vec::kernels
