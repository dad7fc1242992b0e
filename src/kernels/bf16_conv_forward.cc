#include "kernels/bf16_conv_parts.h"

namespace wav2vec::kernels {
namespace {

void add_bias_to(float* c, int64_t c_row, int64_t rows, int64_t columns, const float* bias) {
  for (int64_t t = 0; t < rows; ++t) {
    for (int64_t n = 0; n < columns; n += kLanes) {
      const __mmask16 m = lanes(n, columns);
      store(c + t * c_row + n, m, _mm512_add_ps(load(c + t * c_row + n, m), load(bias + n, m)));
    }
  }
}

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

}  // namespace

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

}  // namespace wav2vec::kernels
