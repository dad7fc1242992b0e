#include "kernels/bf16_conv_parts.h"

namespace wav2vec::kernels {
static const long KG = getenv("KG") ? atoi(getenv("KG")) : 1;

namespace {

// Frames per pass of the weight gradient, and columns of the input view per job.
constexpr int64_t kChunkFrames = 1024;
constexpr int64_t kChunkSteps = kChunkFrames / kStepDepth;
constexpr int64_t kMaxJobColumns = 256;
// Steps of a panel that stay in the first-level cache, with 16 rows of the other operand.
constexpr int64_t kSliceSteps = 16;

void add_rows(const float* c, int64_t c_row, int64_t rows, int64_t columns, float* out, int64_t out_row) {
  for (int64_t t = 0; t < rows; ++t) {
    for (int64_t n = 0; n < columns; n += kLanes) {
      const __mmask16 m = lanes(n, columns);
      store(out + t * out_row + n, m,
            _mm512_add_ps(load(out + t * out_row + n, m), load(c + t * c_row + n, m)));
    }
  }
}

// Past the cache where it can be: nobody reads a weight gradient soon.
void stream_rows(const float* c, int64_t c_row, int64_t rows, int64_t columns, float* out, int64_t out_row) {
  const bool aligned =
      reinterpret_cast<uintptr_t>(out) % 64 == 0 && out_row % kLanes == 0 && columns % kLanes == 0;
  if (!aligned) return store_rows_as(c, c_row, rows, columns, out, out_row);
  for (int64_t t = 0; t < rows; ++t) {
    for (int64_t n = 0; n < columns; n += kLanes)
      _mm512_stream_ps(out + t * out_row + n, _mm512_loadu_ps(c + t * c_row + n));
  }
  _mm_sfence();
}

// ---- few inputs: the first layer, straight from f32 samples

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

void few_inputs_backward_weights(const ConvShape& shape, const Rows& x, const Rows& dy, Write write,
                                 float* dw) {
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
  for (int64_t i = 0; write == Write::overwrite && i < count; ++i) dw[i] = 0.0F;
  for (int64_t block = 0; block < blocks; ++block) {
    for (int64_t i = 0; i < count; ++i) dw[i] += sums[block * count + i];
  }
}

// ---- as a product of panels

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

// Of every tap group, C[rows, 32] (+)= A·panel; A of group g is `a` one element later than that of g − 1. Two
// groups at once read the same cache lines, and a slice of the panel stays in the first-level cache for all
// of them.
void multiply_taps(bool amx, int64_t groups, int64_t rows, const Bf16* a, int64_t a_row, const Bf16* panel,
                   int64_t steps, float* c, int64_t c_group, bool accumulate) {
  for (int64_t s = 0; s < steps; s += kSliceSteps) {
    const int64_t slice = smaller(kSliceSteps, steps - s);
    const bool add = accumulate || s > 0;
    const Bf16* at = a + s * kStepDepth;
    const Bf16* b = panel + s * kStepElements;
    for (int64_t r = 0; amx && r < rows; r += kTileRows) {
      for (int64_t g = 0; g + 2 <= groups; g += 2)
        multiply_16_rows_twice_amx(at + r * a_row + g, a_row, 1, b, slice,
                                   c + g * c_group + r * kPanelColumns, kPanelColumns, c_group, add);
    }
    for (int64_t g = amx ? groups / 2 * 2 : 0; g < groups; ++g)
      multiply_panel(amx, rows, at + g, a_row, b, slice, c + g * c_group, kPanelColumns, add);
  }
}

// Moves sums[groups, columns, outs] of one panel to the rows of dw that they belong to.
void write_weights(const ConvShape& shape, const float* sums, int64_t group_sums, int64_t first_column,
                   int64_t columns, int64_t first_out, Write write, float* dw) {
  const int64_t width = view_width(shape);
  const int64_t outs = smaller(kPanelColumns, shape.out_channels - first_out);
  for (int64_t g = 0; g < groups_of(shape); ++g) {
    const int64_t first_row = g * width + first_column;
    const int64_t rows = larger(0, smaller(columns, inputs_of(shape) - first_row));
    const float* from = sums + g * group_sums;
    float* to = dw + first_row * shape.out_channels + first_out;
    if (write == Write::overwrite) {
      stream_rows(from, kPanelColumns, rows, outs, to, shape.out_channels);
    } else {
      add_rows(from, kPanelColumns, rows, outs, to, shape.out_channels);
    }
  }
}

}  // namespace

int64_t bf16_gradient_panel_elements(const WeightGradientItem* items, int64_t count) {
  const ConvShape& shape = items[0].shape;
  if (has_few_inputs(shape, items[0].x)) return 0;
  return total_steps(items, count) * panels_for(shape.out_channels) * kStepElements;
}

void bf16_conv_backward_weights(const WeightGradientItem* items, int64_t count, Bf16* dy_panels, Write write,
                                float* dw, bool amx) {
  const ConvShape& shape = items[0].shape;
  if (has_few_inputs(shape, items[0].x)) {
    for (int64_t i = 0; i < count; ++i)
      few_inputs_backward_weights(items[i].shape, items[i].x, items[i].dy, i == 0 ? write : Write::accumulate,
                                  dw);
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
  // Sums of one panel of dy lie together. With one chunk only, they leave as soon as they are done.
  const bool one_chunk = steps <= kChunkSteps;
  const int64_t panels_at_once = one_chunk ? 1 : panels_for(smaller(outs, kBlockColumns));
  const int64_t panel_sums = groups * job_columns * kPanelColumns;
  const int64_t out_row = kChunkFrames + round_up(groups - 1, kStepDepth) + kStepDepth;
  float* tiled = scratch<float>(ScratchSlot::other, 2 * width * count);
  for (int64_t i = 0; i < count; ++i) tile_norm(items[i], tiled + 2 * width * i);
#pragma omp parallel
  {
    pack_gradients(items, count, steps, dy_panels);
    const TileSession session(amx);
    Bf16* transposed = scratch<Bf16>(ScratchSlot::operand, job_columns * out_row + kStepDepth);
    float* sums = scratch<float>(ScratchSlot::result, panels_at_once * panel_sums);
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
          float* c = sums + (one_chunk ? 0 : p) * panel_sums;
          multiply_taps(amx, groups, round_up(columns, kTileRows), transposed, out_row, panel, chunk_steps, c,
                        job_columns * kPanelColumns, step > 0);
          if (step + chunk_steps == steps) {
            write_weights(shape, c, job_columns * kPanelColumns, column, columns,
                          first_out + p * kPanelColumns, write, dw);
          }
        }
      }
    }
  }
}

}  // namespace wav2vec::kernels
