#include "kernels/group_norm.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace wav2vec::kernels {
namespace {

// Sums are taken over blocks of fixed size and added in order, so that they do not depend on the threads.
constexpr int64_t kFramesPerBlock = 64;

int64_t block_count(int64_t frames) { return (frames + kFramesPerBlock - 1) / kFramesPerBlock; }

struct Relu {
  static float value(float n) { return n > 0.0F ? n : 0.0F; }
  static float derivative(float n) { return n > 0.0F ? 1.0F : 0.0F; }
};

struct Gelu {
  static float value(float n) { return n * phi(n); }
  static float derivative(float n) {
    constexpr float kInverseSqrt2Pi = 0.39894228040143268F;
    return phi(n) + n * kInverseSqrt2Pi * std::exp(-0.5F * n * n);
  }
  static float phi(float n) {
    constexpr float kInverseSqrt2 = 0.70710678118654752F;
    return 0.5F * (1.0F + std::erf(n * kInverseSqrt2));
  }
};

template <class Act>
void forward(const float* x, int64_t frames, int64_t channels, NormMoments m, const float* scale,
             const float* shift, float* y) {
#pragma omp parallel for schedule(static)
  for (int64_t t = 0; t < frames; ++t) {
    const float* in = x + t * channels;
    float* out = y + t * channels;
    for (int64_t c = 0; c < channels; ++c) out[c] = Act::value((in[c] - m.mean) * scale[c] + shift[c]);
  }
}

// With n = γ·x̂ + β, dn = dy·act'(n) and N = frames·channels:
//   dγ_c = Σ_t dn·x̂,  dβ_c = Σ_t dn,  g = dn·γ
//   dx = r·(g − mean(g) − x̂·mean(g·x̂)),  mean(g) = Σ_c γ_c·dβ_c / N,  mean(g·x̂) = Σ_c γ_c·dγ_c / N
// so the first pass needs the two sums per channel only.
// Sums of one block of frames: dn·x̂ and dn of every channel.
template <class Act>
void sum_frames(const float* __restrict dy, float dy_scale, const float* __restrict x, int64_t frames,
                int64_t channels, NormMoments m, const float* __restrict gamma, const float* __restrict shift,
                float* __restrict sum_gamma, float* __restrict sum_beta) {
  for (int64_t t = 0; t < frames; ++t) {
#pragma omp simd
    for (int64_t c = 0; c < channels; ++c) {
      const float normed = (x[t * channels + c] - m.mean) * m.rstd;
      const float dn = dy_scale * dy[t * channels + c] * Act::derivative(normed * gamma[c] + shift[c]);
      sum_gamma[c] += dn * normed;
      sum_beta[c] += dn;
    }
  }
}

template <class Act>
void write_frame(const float* dy, float dy_scale, const float* x, int64_t channels, NormMoments m,
                 const float* gamma, const float* shift, MeanGradients means, float* dx) {
#pragma omp simd
  for (int64_t c = 0; c < channels; ++c) {
    const float normed = (x[c] - m.mean) * m.rstd;
    const float g = dy_scale * dy[c] * Act::derivative(normed * gamma[c] + shift[c]) * gamma[c];
    dx[c] = m.rstd * (g - means.g - normed * means.gx);
  }
}

template <class Act>
void backward(const float* dy, float dy_scale, const float* x, int64_t frames, int64_t channels,
              NormMoments m, const float* gamma, const float* shift, float* dgamma, float* dbeta, float* dx) {
  const int64_t blocks = block_count(frames);
  static thread_local std::vector<float> partial;
  partial.assign(static_cast<size_t>(blocks * channels * 2), 0.0F);
  float* const sums = partial.data();
#pragma omp parallel for schedule(static)
  for (int64_t block = 0; block < blocks; ++block) {
    const int64_t first = block * kFramesPerBlock;
    float* sum_gamma = sums + block * channels * 2;
    sum_frames<Act>(dy + first * channels, dy_scale, x + first * channels,
                    std::min(kFramesPerBlock, frames - first), channels, m, gamma, shift, sum_gamma,
                    sum_gamma + channels);
  }
  const MeanGradients means =
      add_affine_gradients(sums, blocks, frames, channels, {gamma, shift}, dgamma, dbeta);
#pragma omp parallel for schedule(static)
  for (int64_t t = 0; t < frames; ++t) {
    write_frame<Act>(dy + t * channels, dy_scale, x + t * channels, channels, m, gamma, shift, means,
                     dx + t * channels);
  }
}

// γ and β with the identity standing in where there is no affine part.
struct FilledAffine {
  std::vector<float> gamma, beta;

  FilledAffine(NormAffine affine, int64_t channels)
      : gamma(static_cast<size_t>(channels), 1.0F), beta(static_cast<size_t>(channels), 0.0F) {
    if (affine.gamma != nullptr) std::copy_n(affine.gamma, channels, gamma.begin());
    if (affine.beta != nullptr) std::copy_n(affine.beta, channels, beta.begin());
  }
};

MomentTotal moments_of_block(const double* moments, int64_t frames, int64_t channels) {
  double sum = 0.0;
  for (int64_t t = 0; t < frames; ++t) sum += moments[2 * t];
  const double mean = sum / static_cast<double>(frames);
  double squares = 0.0;
  for (int64_t t = 0; t < frames; ++t) {
    const double delta = moments[2 * t] - mean;
    squares += moments[2 * t + 1] + static_cast<double>(channels) * delta * delta;
  }
  return {frames, mean, squares};
}

}  // namespace

void row_moments(const float* x, int64_t frames, int64_t channels, double* moments) {
#pragma omp parallel for schedule(static)
  for (int64_t t = 0; t < frames; ++t) {
    // Deviations from the mean: no cancellation, whatever the offset of the signal.
    const float* in = x + t * channels;
    float sum = 0.0F;
#pragma omp simd reduction(+ : sum)
    for (int64_t c = 0; c < channels; ++c) sum += in[c];
    const float mean = sum / static_cast<float>(channels);
    float squares = 0.0F;
    float rest = 0.0F;  // Σ(x − mean): what the rounding of `mean` leaves
#pragma omp simd reduction(+ : squares, rest)
    for (int64_t c = 0; c < channels; ++c) {
      const float deviation = in[c] - mean;
      squares += deviation * deviation;
      rest += deviation;
    }
    const double correction = static_cast<double>(rest) / static_cast<double>(channels);
    moments[2 * t] = static_cast<double>(mean) + correction;
    moments[2 * t + 1] = static_cast<double>(squares) - static_cast<double>(rest) * correction;
  }
}

void add_row_moments(MomentTotal& total, const double* moments, int64_t frames, int64_t channels) {
  for (int64_t first = 0; first < frames; first += kMomentFrames) {
    const MomentTotal block =
        moments_of_block(moments + 2 * first, std::min(kMomentFrames, frames - first), channels);
    const int64_t sum = total.frames + block.frames;
    const double share = static_cast<double>(block.frames) / static_cast<double>(sum);
    const double delta = block.mean - total.mean;
    total.squares += block.squares + static_cast<double>(total.frames) * static_cast<double>(channels) *
                                         share * delta * delta;
    total.mean += delta * share;
    total.frames = sum;
  }
}

NormMoments norm_moments(const MomentTotal& total, int64_t channels, double eps) {
  const double variance = total.squares / static_cast<double>(total.frames * channels);
  return {static_cast<float>(total.mean), static_cast<float>(1.0 / std::sqrt(variance + eps))};
}

MeanGradients add_affine_gradients(const float* sums, int64_t blocks, int64_t frames, int64_t channels,
                                   NormAffine affine, float* dgamma, float* dbeta) {
  double mean_g = 0.0;
  double mean_gx = 0.0;
  for (int64_t c = 0; c < channels; ++c) {
    double sum_gamma = 0.0;
    double sum_beta = 0.0;
    for (int64_t block = 0; block < blocks; ++block) {
      sum_gamma += static_cast<double>(sums[block * channels * 2 + c]);
      sum_beta += static_cast<double>(sums[(block * 2 + 1) * channels + c]);
    }
    const double gamma = affine.gamma != nullptr ? static_cast<double>(affine.gamma[c]) : 1.0;
    mean_g += gamma * sum_beta;
    mean_gx += gamma * sum_gamma;
    if (dgamma != nullptr) dgamma[c] += static_cast<float>(sum_gamma);
    if (dbeta != nullptr) dbeta[c] += static_cast<float>(sum_beta);
  }
  const auto count = static_cast<double>(frames * channels);
  return {static_cast<float>(mean_g / count), static_cast<float>(mean_gx / count)};
}

void group_norm_forward(const float* x, int64_t frames, int64_t channels, NormMoments moments,
                        NormAffine affine, Activation activation, float* y) {
  FilledAffine filled(affine, channels);
  for (float& scale : filled.gamma) scale *= moments.rstd;
  const auto run = activation == Activation::relu ? forward<Relu> : forward<Gelu>;
  run(x, frames, channels, moments, filled.gamma.data(), filled.beta.data(), y);
}

void group_norm_backward(const float* dy, float dy_scale, const float* x, int64_t frames, int64_t channels,
                         NormMoments moments, NormAffine affine, Activation activation, float* dgamma,
                         float* dbeta, float* dx) {
  const FilledAffine filled(affine, channels);
  const auto run = activation == Activation::relu ? backward<Relu> : backward<Gelu>;
  run(dy, dy_scale, x, frames, channels, moments, filled.gamma.data(), filled.beta.data(), dgamma, dbeta, dx);
}

}  // namespace wav2vec::kernels
