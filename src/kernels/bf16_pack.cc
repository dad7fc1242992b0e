#include "kernels/bf16_conv_parts.h"

namespace wav2vec::kernels {
namespace {

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

// Past the cache: the panels of all weights are more than fits in one.
void stream(Bf16* to, __m512i v) { _mm512_stream_si512(reinterpret_cast<__m512i*>(to), v); }

// A step of a panel from 32 rows of w: its rows are the product's depth.
void pack_block_forward(const float* block, int64_t row_length, Bf16* out) {
  for (int64_t pair = 0; pair < kStepDepth / 2; ++pair) {
    const float* even = block + 2 * pair * row_length;
    for (int64_t half = 0; half < 2; ++half) {
      const __m512i packed =
          pairs(_mm512_loadu_ps(even + half * kLanes), _mm512_loadu_ps(even + row_length + half * kLanes));
      stream(out + half * 512 + pair * 32, packed);
    }
  }
}

// The same from the transposed block.
void pack_block_backward(const float* block, int64_t row_length, Bf16* out) {
  for (int64_t half = 0; half < 2; ++half) {
    __m512i rows[16];
    for (int64_t i = 0; i < 16; ++i) rows[i] = adjacent_pairs(block + (half * kLanes + i) * row_length);
    transpose_16x16(rows);
    for (int64_t r = 0; r < 16; ++r) stream(out + half * 512 + r * 32, rows[r]);
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
#pragma omp parallel
  {
#pragma omp for schedule(static)
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
    _mm_sfence();
  }
}

}  // namespace wav2vec::kernels
