#include "kernels/bf16_norm.h"

#include "kernels/bf16_vector.h"
#include "kernels/thread_scratch.h"

namespace wav2vec::kernels {
namespace {

// Sums are taken over blocks of fixed size and added in order, so that they do not depend on the threads.
constexpr int64_t kFramesPerBlock = 128;

// What backward knows about a vector of channels.
struct Channel {
  __mmask16 m;
  __m512 gamma, beta, mean, rstd;

  __m512 normed(const Bf16* y) const { return _mm512_mul_ps(_mm512_sub_ps(load(y, m), mean), rstd); }
  __m512 preactivation(__m512 n) const { return _mm512_fmadd_ps(n, gamma, beta); }
};

Channel channel_at(int64_t c, int64_t channels, NormMoments moments, NormAffine affine) {
  Channel out;
  out.m = lanes(c, channels);
  out.gamma = affine.gamma != nullptr ? load(affine.gamma + c, out.m) : _mm512_set1_ps(1.0F);
  out.beta = affine.beta != nullptr ? load(affine.beta + c, out.m) : _mm512_setzero_ps();
  out.mean = _mm512_set1_ps(moments.mean);
  out.rstd = _mm512_set1_ps(moments.rstd);
  return out;
}

// sums[0..channels) = Σ dn·x̂, sums[channels..) = Σ dn over the frames of one block. Some frames at a time, so
// that memory is read along the rows and the sums are not touched for every frame.
template <class Act, class D>
void sum_block(const D* dy, float dy_scale, const Bf16* y, int64_t frames, int64_t channels,
               NormMoments moments, NormAffine affine, float* sums) {
  constexpr int64_t kFramesAtOnce = 8;
  for (int64_t c = 0; c < 2 * channels; ++c) sums[c] = 0.0F;
  for (int64_t first = 0; first < frames; first += kFramesAtOnce) {
    const int64_t end = smaller(frames, first + kFramesAtOnce);
    for (int64_t c = 0; c < channels; c += kLanes) {
      const Channel channel = channel_at(c, channels, moments, affine);
      __m512 gamma_sum = _mm512_setzero_ps();
      __m512 beta_sum = _mm512_setzero_ps();
      for (int64_t t = first; t < end; ++t) {
        const __m512 normed = channel.normed(y + t * channels + c);
        const __m512 dn =
            Act::backward(channel.preactivation(normed), load(dy + t * channels + c, channel.m));
        gamma_sum = _mm512_fmadd_ps(dn, normed, gamma_sum);
        beta_sum = _mm512_add_ps(beta_sum, dn);
      }
      const __m512 scale = _mm512_set1_ps(dy_scale);
      store(sums + c, channel.m, _mm512_fmadd_ps(gamma_sum, scale, load(sums + c, channel.m)));
      float* beta = sums + channels + c;
      store(beta, channel.m, _mm512_fmadd_ps(beta_sum, scale, load(beta, channel.m)));
    }
  }
}

// dx = r·(dn·γ − a − x̂·b), see group_norm.cc.
template <class Act, class D>
void write_frames(const D* dy, float dy_scale, const Bf16* y, int64_t frames, int64_t channels,
                  NormMoments moments, NormAffine affine, float a, float b, Bf16* dx) {
  const __m512 mean_g = _mm512_set1_ps(a * moments.rstd);
  const __m512 mean_gx = _mm512_set1_ps(b * moments.rstd);
  for (int64_t t = 0; t < frames; ++t) {
    for (int64_t c = 0; c < channels; c += kLanes) {
      const Channel channel = channel_at(c, channels, moments, affine);
      const int64_t i = t * channels + c;
      const __m512 normed = channel.normed(y + i);
      const __m512 dn = Act::backward(channel.preactivation(normed), load(dy + i, channel.m));
      const __m512 factor = _mm512_mul_ps(channel.gamma, _mm512_set1_ps(moments.rstd * dy_scale));
      const __m512 centred = _mm512_fnmadd_ps(normed, mean_gx, _mm512_fmsub_ps(dn, factor, mean_g));
      store(dx + i, channel.m, centred);
    }
  }
}

template <class Act, class D>
void backward(const D* dy, float dy_scale, const Bf16* y, int64_t frames, int64_t channels,
              NormMoments moments, NormAffine affine, float* dgamma, float* dbeta, Bf16* dx) {
  const int64_t blocks = (frames + kFramesPerBlock - 1) / kFramesPerBlock;
  auto* sums = static_cast<float*>(
      thread_scratch(ScratchSlot::result, static_cast<size_t>(blocks * channels * 2) * sizeof(float)));
  const auto frames_in = [&](int64_t block) {
    return smaller(kFramesPerBlock, frames - block * kFramesPerBlock);
  };
#pragma omp parallel for schedule(static)
  for (int64_t block = 0; block < blocks; ++block) {
    const int64_t first = block * kFramesPerBlock * channels;
    sum_block<Act>(dy + first, dy_scale, y + first, frames_in(block), channels, moments, affine,
                   sums + block * channels * 2);
  }
  const MeanGradients means = add_affine_gradients(sums, blocks, frames, channels, affine, dgamma, dbeta);
#pragma omp parallel for schedule(static)
  for (int64_t block = 0; block < blocks; ++block) {
    const int64_t first = block * kFramesPerBlock * channels;
    write_frames<Act>(dy + first, dy_scale, y + first, frames_in(block), channels, moments, affine, means.g,
                      means.gx, dx + first);
  }
}

}  // namespace

void bf16_row_moments(const Bf16* y, int64_t frames, int64_t channels, double* row_moments) {
#pragma omp parallel for schedule(static)
  for (int64_t t = 0; t < frames; ++t) moments_of_row(y + t * channels, channels, row_moments + 2 * t);
}

void bf16_norm_forward(const Bf16* y, int64_t frames, int64_t channels, const NormOnRead& norm, void* out,
                       DType out_dtype) {
  with_activation(norm.activation, [&](auto act) {
    with_type(out, out_dtype, [&](auto* to) {
#pragma omp parallel for schedule(static)
      for (int64_t t = 0; t < frames; ++t)
        normalize_frame<decltype(act)>(y + t * channels, channels, norm.scale, norm.shift, to + t * channels);
    });
  });
}

void bf16_norm_backward(const Rows& dy, float dy_scale, const Bf16* y, int64_t frames, int64_t channels,
                        NormMoments moments, NormAffine affine, Activation activation, float* dgamma,
                        float* dbeta, Bf16* dx) {
  with_activation(activation, [&](auto act) {
    with_type(dy.data, dy.dtype, [&](const auto* from) {
      backward<decltype(act)>(from, dy_scale, y, frames, channels, moments, affine, dgamma, dbeta, dx);
    });
  });
}

void bf16_add_column_sums(const Rows& x, int64_t frames, int64_t channels, float* sums) {
  constexpr int64_t kFramesAtOnce = 8;
  const int64_t blocks = (frames + kFramesPerBlock - 1) / kFramesPerBlock;
  auto* partial = static_cast<float*>(
      thread_scratch(ScratchSlot::result, static_cast<size_t>(blocks * channels) * sizeof(float)));
  with_type(x.data, x.dtype, [&](const auto* from) {
#pragma omp parallel for schedule(static)
    for (int64_t block = 0; block < blocks; ++block) {
      float* sum = partial + block * channels;
      for (int64_t c = 0; c < channels; ++c) sum[c] = 0.0F;
      const int64_t end = smaller(frames, (block + 1) * kFramesPerBlock);
      for (int64_t first = block * kFramesPerBlock; first < end; first += kFramesAtOnce) {
        for (int64_t c = 0; c < channels; c += kLanes) {
          const __mmask16 m = lanes(c, channels);
          __m512 total = load(sum + c, m);
          for (int64_t t = first; t < smaller(end, first + kFramesAtOnce); ++t)
            total = _mm512_add_ps(total, load(from + t * channels + c, m));
          store(sum + c, m, total);
        }
      }
    }
  });
  for (int64_t block = 0; block < blocks; ++block) {
    for (int64_t c = 0; c < channels; ++c) sums[c] += partial[block * channels + c];
  }
}

void bf16_add_and_scale(Bf16* y, const Bf16* x, int64_t count, float scale) {
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < count; i += kLanes) {
    const __mmask16 m = lanes(i, count);
    store(y + i, m, _mm512_mul_ps(_mm512_add_ps(load(y + i, m), load(x + i, m)), _mm512_set1_ps(scale)));
  }
}

void bf16_add_scaled(Bf16* y, const Bf16* x, int64_t count, float scale) {
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < count; i += kLanes) {
    const __mmask16 m = lanes(i, count);
    store(y + i, m, _mm512_fmadd_ps(load(x + i, m), _mm512_set1_ps(scale), load(y + i, m)));
  }
}

}  // namespace wav2vec::kernels
