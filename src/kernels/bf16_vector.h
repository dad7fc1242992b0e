#pragma once
// Sixteen floats at a time, stored as f32 or bf16. Only for the bf16_*.cc files, which are compiled for
// AVX-512: everything here has internal linkage and no library code is included, so that nothing compiled for
// AVX-512 can be picked by the linker for other files.

#include <immintrin.h>

#include "wav2vec/core/activation.h"
#include "wav2vec/core/dtype.h"

namespace wav2vec::kernels {
namespace {

constexpr int64_t kLanes = 16;

/// Lanes of the vector that starts at element i of n.
inline __mmask16 lanes(int64_t i, int64_t n) {
  return n - i >= kLanes ? static_cast<__mmask16>(0xFFFF) : static_cast<__mmask16>((1U << (n - i)) - 1U);
}

/// Lanes outside the mask are zero.
inline __m512 load(const float* p, __mmask16 m) { return _mm512_maskz_loadu_ps(m, p); }
inline __m512 load(const Bf16* p, __mmask16 m) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(m, p)), 16));
}

inline __m256i round_to_bf16(__m512 v) {
  const __m256bh rounded = _mm512_cvtneps_pbh(v);
  __m256i bits;
  __builtin_memcpy(&bits, &rounded, sizeof bits);
  return bits;
}

inline void store(float* p, __mmask16 m, __m512 v) { _mm512_mask_storeu_ps(p, m, v); }
inline void store(Bf16* p, __mmask16 m, __m512 v) { _mm256_mask_storeu_epi16(p, m, round_to_bf16(v)); }

/// Lane i becomes the pair (a_i, b_i): what the dot-product instructions read.
inline __m512i pairs(__m512 a, __m512 b) {
  return _mm512_or_si512(_mm512_cvtepu16_epi32(round_to_bf16(a)),
                         _mm512_slli_epi32(_mm512_cvtepu16_epi32(round_to_bf16(b)), 16));
}

/// rows[i] lane j <-> rows[j] lane i.
inline void transpose_16x16(__m512i rows[16]) {
  __m512i t[16];
  for (int i = 0; i < 8; ++i) {
    t[2 * i] = _mm512_unpacklo_epi32(rows[2 * i], rows[2 * i + 1]);
    t[2 * i + 1] = _mm512_unpackhi_epi32(rows[2 * i], rows[2 * i + 1]);
  }
  for (int i = 0; i < 4; ++i) {
    rows[4 * i] = _mm512_unpacklo_epi64(t[4 * i], t[4 * i + 2]);
    rows[4 * i + 1] = _mm512_unpackhi_epi64(t[4 * i], t[4 * i + 2]);
    rows[4 * i + 2] = _mm512_unpacklo_epi64(t[4 * i + 1], t[4 * i + 3]);
    rows[4 * i + 3] = _mm512_unpackhi_epi64(t[4 * i + 1], t[4 * i + 3]);
  }
  // Now rows[4i + j] holds, in its four 128-bit quarters q, column 4q + j of rows 4i .. 4i + 3.
  for (int j = 0; j < 4; ++j) {
    t[j] = _mm512_shuffle_i32x4(rows[j], rows[4 + j], 0x88);
    t[4 + j] = _mm512_shuffle_i32x4(rows[j], rows[4 + j], 0xDD);
    t[8 + j] = _mm512_shuffle_i32x4(rows[8 + j], rows[12 + j], 0x88);
    t[12 + j] = _mm512_shuffle_i32x4(rows[8 + j], rows[12 + j], 0xDD);
  }
  for (int j = 0; j < 4; ++j) {
    rows[j] = _mm512_shuffle_i32x4(t[j], t[8 + j], 0x88);
    rows[8 + j] = _mm512_shuffle_i32x4(t[j], t[8 + j], 0xDD);
    rows[4 + j] = _mm512_shuffle_i32x4(t[4 + j], t[12 + j], 0x88);
    rows[12 + j] = _mm512_shuffle_i32x4(t[4 + j], t[12 + j], 0xDD);
  }
}

struct VectorRelu {
  static __m512 value(__m512 n) { return _mm512_max_ps(n, _mm512_setzero_ps()); }
  /// dy·relu'(n)
  static __m512 backward(__m512 n, __m512 dy) {
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(n, _mm512_setzero_ps(), _CMP_GT_OQ), dy);
  }
};

struct VectorGelu {
  static __m512 value(__m512 n) {
    return map(n, [](float x) { return x * phi(x); });
  }
  static __m512 backward(__m512 n, __m512 dy) {
    constexpr float kInverseSqrt2Pi = 0.39894228040143268F;
    return _mm512_mul_ps(
        dy, map(n, [](float x) { return phi(x) + x * kInverseSqrt2Pi * __builtin_expf(-0.5F * x * x); }));
  }

 private:
  static float phi(float x) { return 0.5F * (1.0F + __builtin_erff(x * 0.70710678118654752F)); }
  template <class F>
  static __m512 map(__m512 v, F f) {
    alignas(64) float values[kLanes];
    _mm512_store_ps(values, v);
    for (float& value : values) value = f(value);
    return _mm512_load_ps(values);
  }
};

/// out = act(y·scale + shift), one frame.
template <class Act, class T, class Out>
inline void normalize_frame(const T* y, int64_t channels, const float* scale, const float* shift, Out* out) {
  for (int64_t c = 0; c < channels; c += kLanes) {
    const __mmask16 m = lanes(c, channels);
    const __m512 n = _mm512_fmadd_ps(load(y + c, m), load(scale + c, m), load(shift + c, m));
    store(out + c, m, Act::value(n));
  }
}

/// moments = {mean, Σ(x − mean)²} of one frame, in two sweeps: no cancellation, whatever the signal's offset.
template <class T>
inline void moments_of_row(const T* x, int64_t channels, double* moments) {
  __m512 sum = _mm512_setzero_ps();
  for (int64_t c = 0; c < channels; c += kLanes) sum = _mm512_add_ps(sum, load(x + c, lanes(c, channels)));
  const float mean = _mm512_reduce_add_ps(sum) / static_cast<float>(channels);
  __m512 squares = _mm512_setzero_ps();
  for (int64_t c = 0; c < channels; c += kLanes) {
    const __mmask16 m = lanes(c, channels);
    const __m512 deviation = _mm512_maskz_sub_ps(m, load(x + c, m), _mm512_set1_ps(mean));
    squares = _mm512_fmadd_ps(deviation, deviation, squares);
  }
  moments[0] = static_cast<double>(mean);
  moments[1] = static_cast<double>(_mm512_reduce_add_ps(squares));
}

inline int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/// Calls f with the address as a pointer of its type.
template <class F>
inline void with_type(const void* data, DType dtype, F f) {
  if (dtype == DType::f32) {
    f(static_cast<const float*>(data));
  } else {
    f(static_cast<const Bf16*>(data));
  }
}
template <class F>
inline void with_type(void* data, DType dtype, F f) {
  if (dtype == DType::f32) {
    f(static_cast<float*>(data));
  } else {
    f(static_cast<Bf16*>(data));
  }
}

/// Calls f with the activation as a type.
template <class F>
inline void with_activation(Activation activation, F f) {
  if (activation == Activation::relu) {
    f(VectorRelu{});
  } else {
    f(VectorGelu{});
  }
}

}  // namespace
}  // namespace wav2vec::kernels
