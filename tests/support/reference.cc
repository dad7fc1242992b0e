#include "support/reference.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace wav2vec::test {

std::vector<double> random_values(uint64_t seed, int64_t count) {
  std::vector<double> values(static_cast<size_t>(count));
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<double>(mix64(mix64(seed) + i + 1) >> 40) * 0x1.0p-23 - 1.0;
  return values;
}

Signal random_signal(uint64_t seed, int64_t frames, int64_t channels) {
  Signal x(frames, channels);
  x.values = random_values(seed, frames * channels);
  return x;
}

std::vector<float> to_float(std::span<const double> values) {
  std::vector<float> out;
  for (double v : values) out.push_back(static_cast<float>(v));
  return out;
}

Signal conv(const Signal& x, std::span<const double> weight, std::span<const double> bias, int64_t out_channels,
            int64_t kernel, int64_t stride) {
  Signal y((x.frames - kernel) / stride + 1, out_channels);
  for (int64_t t = 0; t < y.frames; ++t) {
    for (int64_t n = 0; n < out_channels; ++n) {
      double sum = bias.empty() ? 0.0 : bias[static_cast<size_t>(n)];
      for (int64_t c = 0; c < x.channels; ++c) {
        for (int64_t k = 0; k < kernel; ++k)
          sum += x.at(t * stride + k, c) * weight[static_cast<size_t>((n * x.channels + c) * kernel + k)];
      }
      y.at(t, n) = sum;
    }
  }
  return y;
}

Signal group_norm_activation(const Signal& x, std::span<const double> gamma, std::span<const double> beta,
                             bool gelu) {
  const auto count = static_cast<double>(x.values.size());
  double mean = 0.0;
  for (double v : x.values) mean += v / count;
  double variance = 0.0;
  for (double v : x.values) variance += (v - mean) * (v - mean) / count;
  Signal y(x.frames, x.channels);
  for (int64_t t = 0; t < x.frames; ++t) {
    for (int64_t c = 0; c < x.channels; ++c) {
      double n = (x.at(t, c) - mean) / std::sqrt(variance + 1e-5);
      if (!gamma.empty()) n = n * gamma[static_cast<size_t>(c)] + beta[static_cast<size_t>(c)];
      y.at(t, c) = gelu ? n * 0.5 * (1.0 + std::erf(n / std::sqrt(2.0))) : std::max(n, 0.0);
    }
  }
  return y;
}

Signal causal_pad(const Signal& x, int64_t pad_frames, bool replicate) {
  Signal y(x.frames + pad_frames, x.channels);
  for (int64_t t = 0; t < y.frames; ++t) {
    for (int64_t c = 0; c < x.channels; ++c)
      y.at(t, c) = t >= pad_frames ? x.at(t - pad_frames, c) : (replicate ? x.at(0, c) : 0.0);
  }
  return y;
}

Signal residual(const Signal& y, const Signal& x, double scale) {
  Signal out(y.frames, y.channels);
  for (int64_t t = 0; t < y.frames; ++t) {
    for (int64_t c = 0; c < y.channels; ++c)
      out.at(t, c) = (y.at(t, c) + x.at(t * (x.frames / y.frames), c)) * scale;
  }
  return out;
}

Signal log_compress(const Signal& x) {
  Signal y = x;
  for (double& v : y.values) v = std::log(std::fabs(v) + 1.0);
  return y;
}

double dot(const Signal& a, const Signal& b) {
  REQUIRE(a.values.size() == b.values.size());
  double sum = 0.0;
  for (size_t i = 0; i < a.values.size(); ++i) sum += a.values[i] * b.values[i];
  return sum;
}

void check_close(const std::string& name, std::span<const double> expected, std::span<const float> actual,
                 double limit) {
  CAPTURE(name);
  REQUIRE(expected.size() == actual.size());
  double error = 0.0;
  double top = 0.0;
  for (size_t i = 0; i < expected.size(); ++i) {
    error = std::max(error, std::fabs(expected[i] - static_cast<double>(actual[i])));
    top = std::max(top, std::fabs(expected[i]));
  }
  REQUIRE(top > 0.0);
  CHECK(error <= limit * top);
}

void check_gradient(const std::string& name, std::vector<double>& values, const std::function<double()>& loss,
                    std::span<const float> actual, double limit, size_t stride) {
  constexpr double kStep = 1e-6;
  REQUIRE(values.size() == actual.size());
  std::vector<double> expected;
  std::vector<float> compared;
  for (size_t i = 0; i < values.size(); i += stride) {
    const double kept = values[i];
    values[i] = kept + kStep;
    const double above = loss();
    values[i] = kept - kStep;
    const double below = loss();
    values[i] = kept;
    expected.push_back((above - below) / (2.0 * kStep));
    compared.push_back(actual[i]);
  }
  check_close("gradient of " + name, expected, compared, limit);
}

Item::Item(int64_t frames, int64_t channels)
    : values(static_cast<size_t>(frames * channels), 0.0F), lengths{frames}, view{values.data(), 1, frames, channels, lengths} {}

Item::Item(const Signal& signal) : Item(signal.frames, signal.channels) {
  std::transform(signal.values.begin(), signal.values.end(), values.begin(),
                 [](double v) { return static_cast<float>(v); });
}

}  // namespace wav2vec::test
