#include "kernels/strided_conv.h"

#include <algorithm>
#include <vector>

#include "kernels/gemm.h"

namespace wav2vec::kernels {
namespace {

// Below this many inputs per output (the first layer: 10 samples) a product is all writing: GEMM's packing
// costs more than it saves.
constexpr int64_t kFewInputs = 32;

// Frames and rows of one product of the weight gradient: its operands and its sums stay in the cache.
constexpr int64_t kChunkFrames = 512;
constexpr int64_t kChunkRows = 512;

bool has_few_inputs(const ConvShape& shape) { return shape.kernel * shape.in_channels <= kFewInputs; }

// Calls f(first tap, taps) for every group.
template <class F>
void for_each_tap_group(const ConvShape& shape, F f) {
  for (int64_t tap = 0; tap < shape.kernel; tap += shape.stride) {
    f(tap, std::min(shape.stride, shape.kernel - tap));
  }
}

void forward_few_inputs(const ConvShape& shape, const float* x, const float* w, float* y) {
  constexpr int64_t kBlock = 64;
  const int64_t inputs = shape.kernel * shape.in_channels;
  const int64_t hop = shape.stride * shape.in_channels;
  const int64_t outputs = shape.out_channels;
  const int64_t frames = shape.out_frames();
#pragma omp parallel for schedule(static)
  for (int64_t t = 0; t < frames; ++t) {
    const float* in = x + t * hop;
    float* out = y + t * outputs;
    int64_t n = 0;
    for (; n + kBlock <= outputs; n += kBlock) {
      float sum[kBlock] = {};
      for (int64_t i = 0; i < inputs; ++i) {
        const float* row = w + i * outputs + n;
        for (int64_t j = 0; j < kBlock; ++j) sum[j] += in[i] * row[j];
      }
      std::copy_n(sum, kBlock, out + n);
    }
    for (; n < outputs; ++n) {
      float sum = 0.0F;
      for (int64_t i = 0; i < inputs; ++i) sum += in[i] * w[i * outputs + n];
      out[n] = sum;
    }
  }
}

void backward_weights_few_inputs(const ConvShape& shape, const float* x, const float* dy, Write write,
                                 float* dw) {
  // Blocks of fixed size with their own sums, added in order: the result does not depend on the threads.
  constexpr int64_t kFramesPerBlock = 512;
  const int64_t inputs = shape.kernel * shape.in_channels;
  const int64_t hop = shape.stride * shape.in_channels;
  const int64_t outputs = shape.out_channels;
  const int64_t frames = shape.out_frames();
  const int64_t blocks = (frames + kFramesPerBlock - 1) / kFramesPerBlock;
  static thread_local std::vector<float> partial;
  partial.assign(static_cast<size_t>(blocks * inputs * outputs), 0.0F);
  float* const sums = partial.data();
#pragma omp parallel for schedule(static)
  for (int64_t block = 0; block < blocks; ++block) {
    float* sum = sums + block * inputs * outputs;
    const int64_t end = std::min(frames, (block + 1) * kFramesPerBlock);
    for (int64_t t = block * kFramesPerBlock; t < end; ++t) {
      const float* grad = dy + t * outputs;
      for (int64_t i = 0; i < inputs; ++i) {
        const float value = x[t * hop + i];
        float* row = sum + i * outputs;
        for (int64_t n = 0; n < outputs; ++n) row[n] += value * grad[n];
      }
    }
  }
  if (write == Write::overwrite) std::fill_n(dw, inputs * outputs, 0.0F);
  for (int64_t block = 0; block < blocks; ++block) {
    const float* sum = sums + block * inputs * outputs;
    for (int64_t i = 0; i < inputs * outputs; ++i) dw[i] += sum[i];
  }
}

}  // namespace

void conv_forward(const ConvShape& shape, const float* x, const float* w, float* y) {
  if (has_few_inputs(shape)) return forward_few_inputs(shape, x, w, y);
  const int64_t channels = shape.in_channels;
  for_each_tap_group(shape, [&](int64_t tap, int64_t taps) {
    gemm(Transpose::no, Transpose::no, shape.out_frames(), shape.out_channels, taps * channels,
         x + tap * channels, shape.stride * channels, w + tap * channels * shape.out_channels,
         shape.out_channels, tap == 0 ? Write::overwrite : Write::accumulate, y, shape.out_channels);
  });
}

void conv_backward_weights(const ConvShape& shape, const float* x, const float* dy, Write write, float* dw) {
  if (has_few_inputs(shape)) return backward_weights_few_inputs(shape, x, dy, write, dw);
  const int64_t channels = shape.in_channels;
  const int64_t frames = shape.out_frames();
  const int64_t taps_at_once = std::clamp<int64_t>(kChunkRows / channels, 1, shape.stride);
  for (int64_t tap = 0; tap < shape.kernel; tap += taps_at_once) {
    const int64_t taps = std::min(taps_at_once, shape.kernel - tap);
    for (int64_t first = 0; first < frames; first += kChunkFrames) {
      gemm(Transpose::yes, Transpose::no, taps * channels, shape.out_channels,
           std::min(kChunkFrames, frames - first), x + (first * shape.stride + tap) * channels,
           shape.stride * channels, dy + first * shape.out_channels, shape.out_channels,
           first == 0 ? write : Write::accumulate, dw + tap * channels * shape.out_channels,
           shape.out_channels);
    }
  }
}

void conv_backward_data(const ConvShape& shape, const float* dy, const float* w, float* dx) {
  const int64_t channels = shape.in_channels;
  const int64_t frames = shape.out_frames();
  // The first group covers rows [0, frames·stride) whole when it has `stride` taps; the rest starts at zero.
  const bool first_covers = shape.kernel >= shape.stride;
  const int64_t covered = first_covers ? frames * shape.stride : 0;
  std::fill(dx + covered * channels, dx + shape.in_frames * channels, 0.0F);
  for_each_tap_group(shape, [&](int64_t tap, int64_t taps) {
    gemm(Transpose::no, Transpose::yes, frames, taps * channels, shape.out_channels, dy, shape.out_channels,
         w + tap * channels * shape.out_channels, shape.out_channels,
         tap == 0 && first_covers ? Write::overwrite : Write::accumulate, dx + tap * channels,
         shape.stride * channels);
  });
}

}  // namespace wav2vec::kernels
