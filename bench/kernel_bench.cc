// GFLOP/s of the convolution kernels on the shapes of wav2vec, one benchmark per shape, pass and type:
//   build/release/bench/kernel_bench [--benchmark_filter=layer1]
// Each checks its result against the definition, at some elements, before it is timed.

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <functional>
#include <vector>

#include "kernels/bf16_conv.h"
#include "kernels/cpu_features.h"
#include "kernels/strided_conv.h"
#include "wav2vec/core/large_memory.h"
#include "wav2vec/core/rng.h"

namespace {

using namespace wav2vec;
using namespace wav2vec::kernels;

struct NamedShape {
  const char* name;
  ConvShape shape;  // of 9.375 s
};

const NamedShape kShapes[] = {
    {"layer0", {150000, 1, 512, 10, 5}},    {"layer1", {29999, 512, 512, 8, 4}},
    {"layer2", {7498, 512, 512, 4, 2}},     {"layer3", {3748, 512, 512, 4, 2}},
    {"layer4", {1873, 512, 512, 4, 2}},     {"layer5_1x1", {935, 512, 512, 1, 1}},
    {"context_k3", {937, 512, 512, 3, 1}},  {"context_k13", {947, 512, 512, 13, 1}},
    {"projection", {935, 512, 6144, 1, 1}},
};

LargeVector<float> noise(uint64_t seed, int64_t count) {
  const RandomStream random(seed, RandomUse::crop, {});
  LargeVector<float> out(static_cast<size_t>(count));
  for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(random.uniform(i) - 0.5);
  return out;
}

template <class T>
LargeVector<Bf16> rounded(const T& values) {
  LargeVector<Bf16> out(values.size());
  for (size_t i = 0; i < out.size(); ++i) out[i] = to_bf16(values[i]);
  return out;
}

enum class Direction { forward, weights, data };
constexpr const char* kDirectionNames[] = {"forward", "backward_weights", "backward_data"};

struct Operands {
  ConvShape shape;
  LargeVector<float> x, w, dy, y, dw, dx;
  LargeVector<Bf16> x16, dy16, y16, dx16, forward, backward, dy_panels;

  explicit Operands(const ConvShape& s)
      : shape(s),
        x(noise(1, s.in_frames * s.in_channels)),
        w(noise(2, s.kernel * s.in_channels * s.out_channels)),
        dy(noise(3, s.out_frames() * s.out_channels)),
        y(dy.size()),
        dw(w.size()),
        dx(x.size()),
        x16(rounded(x)),
        dy16(rounded(dy)),
        y16(dy.size()),
        dx16(x.size()) {
    if (!has_avx512_bf16()) return;
    forward.resize(static_cast<size_t>(bf16_forward_panel_elements(s)));
    backward.resize(static_cast<size_t>(bf16_backward_panel_elements(s)));
    bf16_pack_forward(s, w.data(), forward.data());
    bf16_pack_backward(s, w.data(), backward.data());
  }

  void run_f32(Direction direction) {
    if (direction == Direction::forward) conv_forward(shape, x.data(), w.data(), y.data());
    if (direction == Direction::weights)
      conv_backward_weights(shape, x.data(), dy.data(), Write::overwrite, dw.data());
    if (direction == Direction::data) conv_backward_data(shape, dy.data(), w.data(), dx.data());
  }
  // The first layer reads samples, which are f32.
  void run_bf16(Direction direction) {
    const bool samples = shape.in_channels == 1;
    const Rows input = samples ? Rows{x.data(), DType::f32, {}} : Rows{x16.data(), DType::bf16, {}};
    const Rows gradient{dy16.data(), DType::bf16, {}};
    if (direction == Direction::forward)
      bf16_conv_forward(shape, input, forward.data(), w.data(), nullptr, y16.data(), DType::bf16, nullptr);
    if (direction == Direction::weights) {
      const WeightGradientItem item{shape, input, gradient};
      dy_panels.resize(static_cast<size_t>(bf16_gradient_panel_elements(&item, 1)));
      bf16_conv_backward_weights(&item, 1, dy_panels.data(), Write::overwrite, dw.data());
    }
    if (direction == Direction::data)
      bf16_conv_backward_data(shape, gradient, backward.data(), dx16.data(), DType::bf16);
  }
  double result(Direction direction, DType dtype, size_t i) const {
    if (direction == Direction::weights) return static_cast<double>(dw[i]);
    if (direction == Direction::forward)
      return static_cast<double>(dtype == DType::f32 ? y[i] : to_float(y16[i]));
    return static_cast<double>(dtype == DType::f32 ? dx[i] : to_float(dx16[i]));
  }
  // The definition, in double, of one element; `scale` receives the size of what was added up.
  double expected(Direction direction, size_t index, double& scale) const {
    const auto element = static_cast<int64_t>(index);
    const int64_t n_out = shape.out_channels;
    const int64_t hop = shape.stride * shape.in_channels;
    double sum = 0.0;
    double squares = 0.0;
    const auto add = [&](int64_t t, int64_t i,
                         int64_t n) {  // t: out frame, i: tap and channel, n: out channel
      const double xv = static_cast<double>(x[static_cast<size_t>(t * hop + i)]);
      const double wv = static_cast<double>(w[static_cast<size_t>(i * n_out + n)]);
      const double dv = static_cast<double>(dy[static_cast<size_t>(t * n_out + n)]);
      const double term = direction == Direction::forward   ? xv * wv
                          : direction == Direction::weights ? xv * dv
                                                            : dv * wv;
      sum += term;
      squares += term * term;
    };
    const int64_t inputs = shape.kernel * shape.in_channels;
    if (direction == Direction::forward) {
      for (int64_t i = 0; i < inputs; ++i) add(element / n_out, i, element % n_out);
    } else if (direction == Direction::weights) {
      for (int64_t t = 0; t < shape.out_frames(); ++t) add(t, element / n_out, element % n_out);
    } else {
      for (int64_t t = 0; t < shape.out_frames(); ++t) {
        const int64_t i = element - t * hop;
        if (i < 0 || i >= inputs) continue;
        for (int64_t n = 0; n < n_out; ++n) add(t, i, n);
      }
    }
    scale = std::sqrt(squares);
    return sum;
  }
};

// Errors of rounding grow with the root of the number of terms.
void check(const Operands& o, Direction direction, DType dtype, const std::string& name) {
  const size_t size = direction == Direction::forward   ? o.y.size()
                      : direction == Direction::weights ? o.dw.size()
                                                        : o.dx.size();
  const double limit = dtype == DType::f32 ? 1e-4 : 2e-2;
  for (size_t k = 0; k < 40; ++k) {
    const size_t i = k * (size - 1) / 39;
    double scale = 0.0;
    const double expected = o.expected(direction, i, scale);
    const double actual = o.result(direction, dtype, i);
    if (std::fabs(actual - expected) > limit * (scale + std::fabs(expected))) {
      fmt::print(stderr, "{}: element {} is {}, expected {}\n", name, i, actual, expected);
      std::exit(1);
    }
  }
}

void run(benchmark::State& state, const NamedShape& named, Direction direction, DType dtype,
         const std::string& name) {
  Operands o(named.shape);
  const auto once = [&] { dtype == DType::f32 ? o.run_f32(direction) : o.run_bf16(direction); };
  once();
  check(o, direction, dtype, name);
  for (auto _ : state) once();
  const double flop = 2.0 * static_cast<double>(named.shape.out_frames() * named.shape.out_channels *
                                                named.shape.kernel * named.shape.in_channels);
  state.counters["GFLOP/s"] = benchmark::Counter(flop * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

}  // namespace

int main(int argc, char** argv) {
  for (const NamedShape& named : kShapes) {
    for (const Direction direction : {Direction::forward, Direction::weights, Direction::data}) {
      for (const DType dtype : {DType::f32, DType::bf16}) {
        if (dtype == DType::bf16 && !has_avx512_bf16()) continue;
        const std::string name =
            fmt::format("{}/{}/{}", named.name, kDirectionNames[static_cast<int>(direction)],
                        kDTypeNames[static_cast<size_t>(dtype)]);
        benchmark::RegisterBenchmark(
            name.c_str(), [=](benchmark::State& state) { run(state, named, direction, dtype, name); })
            ->UseRealTime()
            ->Unit(benchmark::kMillisecond);
      }
    }
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
