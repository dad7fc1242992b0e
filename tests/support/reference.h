#pragma once
// The layers once more in double, as plain loops from their definitions: the truth that the f32 layers and their
// backward passes are held against. No code is shared with src/.

#include <cmath>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "wav2vec/core/rng.h"
#include "wav2vec/core/tensor.h"

namespace wav2vec::test {

/// One utterance, [frames, channels].
struct Signal {
  int64_t frames = 0;
  int64_t channels = 0;
  std::vector<double> values;

  Signal(int64_t f, int64_t c) : frames(f), channels(c), values(static_cast<size_t>(f * c), 0.0) {}
  double& at(int64_t t, int64_t c) { return values[static_cast<size_t>(t * channels + c)]; }
  double at(int64_t t, int64_t c) const { return values[static_cast<size_t>(t * channels + c)]; }
};

/// Uniform in [−1, 1), representable in f32, so that both sides start from the same numbers.
std::vector<double> random_values(uint64_t seed, int64_t count);
Signal random_signal(uint64_t seed, int64_t frames, int64_t channels);
std::vector<float> to_float(std::span<const double> values);

/// weight as in PyTorch: [out, in, kernel]; bias may be empty.
Signal conv(const Signal& x, std::span<const double> weight, std::span<const double> bias, int64_t out_channels,
            int64_t kernel, int64_t stride);
/// gamma and beta may be empty; gelu: the exact one, otherwise ReLU.
Signal group_norm_activation(const Signal& x, std::span<const double> gamma, std::span<const double> beta, bool gelu);
Signal causal_pad(const Signal& x, int64_t pad_frames, bool replicate);
/// (y + x subsampled)·scale
Signal residual(const Signal& y, const Signal& x, double scale);
Signal log_compress(const Signal& x);
double dot(const Signal& a, const Signal& b);

/// Holds `actual` against d(loss)/d(values) by central differences, at every `stride`-th value:
/// max|difference| ≤ limit · max|expected|.
void check_gradient(const std::string& name, std::vector<double>& values, const std::function<double()>& loss,
                    std::span<const float> actual, double limit = 1e-4, size_t stride = 1);

void check_close(const std::string& name, std::span<const double> expected, std::span<const float> actual,
                 double limit);

/// Activations over memory of the caller.
struct Item {
  std::vector<float> values;
  std::vector<int64_t> lengths;
  Activations view;

  Item(int64_t frames, int64_t channels);
  explicit Item(const Signal& signal);
  Item(const Item&) = delete;
};

}  // namespace wav2vec::test
