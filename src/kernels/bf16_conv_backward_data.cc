#include "kernels/bf16_conv_parts.h"

namespace wav2vec::kernels {
namespace {

// Rows of a view of `width` columns whose first `columns` columns lie within `elements`.
int64_t whole_rows(int64_t elements, int64_t width, int64_t columns) {
  return elements < columns ? 0 : (elements - columns) / width + 1;
}

}  // namespace

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
