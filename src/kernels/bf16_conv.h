#pragma once
// Convolution of one utterance with bf16 products and f32 sums; what strided_conv.h is for f32. Works on
// blocks of rows that stay in the cache: the input is read through its pending normalisation, multiplied, and
// what needs the sums in f32 (bias, moments) happens before they are rounded and stored.
//
// Needs has_avx512_bf16(); `amx` says whether to use the tile unit.

#include <cstdint>

#include "kernels/cpu_features.h"
#include "kernels/group_norm.h"
#include "kernels/strided_conv.h"
#include "wav2vec/core/activation.h"
#include "wav2vec/core/dtype.h"
#include "wav2vec/core/write.h"

namespace wav2vec::kernels {

/// act(x·scale_c + shift_c), applied to every element as it is read; null scale: x as it is.
struct NormOnRead {
  const float* scale = nullptr;  ///< [channels]
  const float* shift = nullptr;  ///< [channels]
  Activation activation = Activation::relu;
};

/// [frames, channels], without gaps.
struct Rows {
  const void* data = nullptr;
  DType dtype = DType::f32;
  NormOnRead norm;
};

/// Elements of the weights in the panels that the products read (kernels/bf16_tiles.h); panels are aligned to
/// 64 bytes.
int64_t bf16_forward_panel_elements(const ConvShape& shape);
int64_t bf16_backward_panel_elements(const ConvShape& shape);
/// w: [kernel, in, out]. The frames of the shape are ignored.
void bf16_pack_forward(const ConvShape& shape, const float* w, Bf16* panels);
void bf16_pack_backward(const ConvShape& shape, const float* w, Bf16* panels);
/// Both at once, reading w once where the shape allows it.
void bf16_pack_both(const ConvShape& shape, const float* w, Bf16* forward, Bf16* backward);

/// y = conv(x) + bias, stored as `y_dtype`. w: the weights in f32, which a first layer of few inputs reads
/// instead of the panels; bias may be null. row_moments, if not null: [out_frames, 2], mean and squared
/// deviations of every frame before rounding (add_row_moments).
void bf16_conv_forward(const ConvShape& shape, const Rows& x, const Bf16* panels, const float* w,
                       const float* bias, void* y, DType y_dtype, double* row_moments,
                       bool amx = has_amx_bf16());

/// One utterance of a batch; all of a batch share the shape but for the frames.
struct WeightGradientItem {
  ConvShape shape;
  Rows x;
  Rows dy;
};

/// dw = or += Σ xᵀ·dy over the items. They are multiplied as one long utterance, because every pass over the
/// sums costs as much as some hundred frames. dy_panels: memory for bf16_gradient_panel_elements.
int64_t bf16_gradient_panel_elements(const WeightGradientItem* items, int64_t count);
void bf16_conv_backward_weights(const WeightGradientItem* items, int64_t count, Bf16* dy_panels, Write write,
                                float* dw, bool amx = has_amx_bf16());

/// dx = dy·wᵀ
void bf16_conv_backward_data(const ConvShape& shape, const Rows& dy, const Bf16* panels, void* dx,
                             DType dx_dtype, bool amx = has_amx_bf16());

}  // namespace wav2vec::kernels
