#include "kernels/bf16_conv.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "kernels/bf16_norm.h"
#include "support/reference.h"
#include "wav2vec/core/large_memory.h"

using namespace wav2vec;
using namespace wav2vec::kernels;

namespace {

double value(Bf16 x) { return static_cast<double>(to_float(x)); }
double rounded(double x) { return value(to_bf16(static_cast<float>(x))); }

std::vector<double> random_rounded(uint64_t seed, int64_t count) {
  std::vector<double> v = test::random_values(seed, count);
  for (double& x : v) x = rounded(x);
  return v;
}
std::vector<Bf16> as_bf16(const std::vector<double>& v) {
  std::vector<Bf16> out;
  for (double x : v) out.push_back(to_bf16(static_cast<float>(x)));
  return out;
}
std::vector<float> as_float(const std::vector<double>& v) { return {v.begin(), v.end()}; }

// A view of v in the type asked for, kept alive by `memory`.
struct Stored {
  std::vector<float> f32;
  std::vector<Bf16> bf16;
  Rows rows;

  Stored(const std::vector<double>& v, DType dtype) : f32(as_float(v)), bf16(as_bf16(v)) {
    rows.dtype = dtype;
    rows.data = dtype == DType::f32 ? static_cast<const void*>(f32.data()) : bf16.data();
  }
};

struct ConvCase {
  int64_t frames, in_channels, out_channels, kernel, stride;
};

// The shapes of wav2vec, and every way in which channels, taps, strides, blocks and tails can fail to divide.
constexpr ConvCase kCases[] = {
    {4000, 1, 64, 10, 5}, {61, 1, 7, 10, 5},    {1300, 32, 64, 8, 4}, {51, 16, 16, 8, 4},
    {53, 3, 5, 4, 2},     {40, 17, 15, 1, 1},   {130, 48, 33, 3, 1},  {20, 5, 6, 13, 1},
    {300, 8, 24, 70, 1},  {41, 6, 5, 7, 3},     {41, 6, 5, 2, 5},     {37, 33, 31, 5, 2},
    {9, 40, 2, 9, 4},     {700, 2, 3, 4, 2},    {2600, 4, 70, 3, 1},  {210, 64, 1100, 1, 1},
    {210, 700, 40, 1, 1}, {1024, 32, 32, 4, 2}, {1029, 32, 32, 4, 2}, {300, 1, 1100, 10, 5},
    {70, 32, 516, 1, 1},
};

struct Reference {
  std::vector<double> y, dw, dx;
};

// In double, of the values that the products see.
Reference reference(const ConvShape& s, const std::vector<double>& x, const std::vector<double>& w,
                    const std::vector<double>& dy) {
  Reference r;
  r.y.assign(static_cast<size_t>(s.out_frames() * s.out_channels), 0.0);
  r.dw.assign(w.size(), 0.0);
  r.dx.assign(x.size(), 0.0);
  for (int64_t t = 0; t < s.out_frames(); ++t) {
    for (int64_t i = 0; i < s.kernel * s.in_channels; ++i) {
      const auto xi = static_cast<size_t>(t * s.stride * s.in_channels + i);
      for (int64_t n = 0; n < s.out_channels; ++n) {
        const auto wi = static_cast<size_t>(i * s.out_channels + n);
        const auto yi = static_cast<size_t>(t * s.out_channels + n);
        r.y[yi] += x[xi] * w[wi];
        r.dw[wi] += x[xi] * dy[yi];
        r.dx[xi] += dy[yi] * w[wi];
      }
    }
  }
  return r;
}

void check_weight_gradient(const std::vector<WeightGradientItem>& items, const std::vector<double>& expected,
                           double limit, bool amx) {
  const auto count = static_cast<int64_t>(items.size());
  std::vector<Bf16> panels(static_cast<size_t>(bf16_gradient_panel_elements(items.data(), count)));
  std::vector<float> dw(expected.size(), 0.5F);
  bf16_conv_backward_weights(items.data(), count, panels.data(), Write::accumulate, dw.data(), amx);
  for (float& v : dw) v -= 0.5F;
  test::check_close("dw", expected, dw, limit);
  std::ranges::fill(dw, NAN);
  bf16_conv_backward_weights(items.data(), count, panels.data(), Write::overwrite, dw.data(), amx);
  test::check_close("dw, overwritten", expected, dw, limit);
}

void check_case(const ConvCase& k, DType dtype, bool amx) {
  CAPTURE(fmt::format("frames {} in {} out {} kernel {} stride {} dtype {} amx {}", k.frames, k.in_channels,
                      k.out_channels, k.kernel, k.stride, static_cast<int>(dtype), amx));
  const ConvShape shape{k.frames, k.in_channels, k.out_channels, k.kernel, k.stride};
  const auto x = random_rounded(1, k.frames * k.in_channels);
  const auto w = random_rounded(2, k.kernel * k.in_channels * k.out_channels);
  const auto dy = random_rounded(3, shape.out_frames() * k.out_channels);
  const Reference expected = reference(shape, x, w, dy);
  const Stored input(x, dtype);
  const Stored gradient(dy, dtype);
  const std::vector<float> weights = as_float(w);
  LargeVector<Bf16> forward(static_cast<size_t>(bf16_forward_panel_elements(shape)));
  LargeVector<Bf16> backward(static_cast<size_t>(bf16_backward_panel_elements(shape)));
  bf16_pack_forward(shape, weights.data(), forward.data());
  bf16_pack_backward(shape, weights.data(), backward.data());
  LargeVector<Bf16> together[2] = {LargeVector<Bf16>(forward.size()), LargeVector<Bf16>(backward.size())};
  bf16_pack_both(shape, weights.data(), together[0].data(), together[1].data());
  const auto same = [](Bf16 a, Bf16 b) { return a.bits == b.bits; };
  CHECK(std::ranges::equal(forward, together[0], same));
  CHECK(std::ranges::equal(backward, together[1], same));

  std::vector<float> y(expected.y.size());
  std::vector<double> moments(static_cast<size_t>(2 * shape.out_frames()));
  bf16_conv_forward(shape, input.rows, forward.data(), weights.data(), nullptr, y.data(), DType::f32,
                    moments.data(), amx);
  test::check_close("y", expected.y, y, 1e-5);
  double sum = 0.0;
  double mean_of_rows = 0.0;
  for (double v : expected.y) sum += v;
  for (size_t t = 0; t < moments.size(); t += 2) mean_of_rows += moments[t];
  CHECK(mean_of_rows * static_cast<double>(k.out_channels) == doctest::Approx(sum).epsilon(1e-4));

  // Without moments the sums are taken in blocks of columns.
  std::vector<float> y_in_blocks(y.size());
  bf16_conv_forward(shape, input.rows, forward.data(), weights.data(), nullptr, y_in_blocks.data(),
                    DType::f32, nullptr, amx);
  CHECK(y_in_blocks == y);
  std::vector<Bf16> y16(y.size());
  bf16_conv_forward(shape, input.rows, forward.data(), weights.data(), nullptr, y16.data(), DType::bf16,
                    nullptr, amx);
  for (size_t i = 0; i < y.size(); ++i) REQUIRE(value(y16[i]) == rounded(static_cast<double>(y[i])));

  const WeightGradientItem item{shape, input.rows, gradient.rows};
  check_weight_gradient({item}, expected.dw, 2e-5, amx);
  // A second utterance, cut short, adds its own.
  ConvShape cut = shape;
  cut.in_frames = std::max(k.kernel, k.frames - 11);
  std::vector<double> both = reference(cut, x, w, dy).dw;
  for (size_t i = 0; i < both.size(); ++i) both[i] += expected.dw[i];
  check_weight_gradient({item, {cut, input.rows, gradient.rows}}, both, 2e-5, amx);

  std::vector<float> dx(x.size(), NAN);
  bf16_conv_backward_data(shape, gradient.rows, backward.data(), dx.data(), DType::f32, amx);
  test::check_close("dx", expected.dx, dx, 1e-5);
  std::vector<Bf16> dx16(x.size());
  bf16_conv_backward_data(shape, gradient.rows, backward.data(), dx16.data(), DType::bf16, amx);
  for (size_t i = 0; i < dx.size(); ++i) REQUIRE(value(dx16[i]) == rounded(static_cast<double>(dx[i])));
}

}  // namespace

TEST_CASE("bf16 convolution equals its definition on rounded operands") {
  if (!has_avx512_bf16()) return;
  for (const ConvCase& k : kCases) {
    for (const DType dtype : {DType::f32, DType::bf16}) {
      check_case(k, dtype, false);
      if (has_amx_bf16()) check_case(k, dtype, true);
    }
  }
}

TEST_CASE("bf16 convolution reads its input through the normalisation") {
  if (!has_avx512_bf16()) return;
  for (const ConvCase& k :
       {ConvCase{203, 24, 40, 4, 2}, ConvCase{97, 5, 8, 3, 1}, ConvCase{300, 64, 32, 8, 4}}) {
    for (const Activation activation : {Activation::relu, Activation::gelu}) {
      CAPTURE(k.in_channels);
      const ConvShape shape{k.frames, k.in_channels, k.out_channels, k.kernel, k.stride};
      const auto raw = random_rounded(1, k.frames * k.in_channels);
      const auto scale = test::random_values(4, k.in_channels);
      const auto shift = test::random_values(5, k.in_channels);
      std::vector<double> x(raw.size());
      for (size_t i = 0; i < x.size(); ++i) {
        const size_t c = i % static_cast<size_t>(k.in_channels);
        const double n = raw[i] * scale[c] + shift[c];
        x[i] = rounded(activation == Activation::relu ? std::max(n, 0.0)
                                                      : 0.5 * n * (1.0 + std::erf(n / std::sqrt(2.0))));
      }
      const auto w = random_rounded(2, k.kernel * k.in_channels * k.out_channels);
      const auto dy = random_rounded(3, shape.out_frames() * k.out_channels);
      const Reference expected = reference(shape, x, w, dy);
      const std::vector<float> s = as_float(scale);
      const std::vector<float> b = as_float(shift);
      Stored input(raw, DType::bf16);
      input.rows.norm = {s.data(), b.data(), activation};
      const Stored gradient(dy, DType::bf16);
      const std::vector<float> weights = as_float(w);
      std::vector<Bf16> panels(static_cast<size_t>(bf16_forward_panel_elements(shape)));
      bf16_pack_forward(shape, weights.data(), panels.data());
      std::vector<float> y(expected.y.size());
      bf16_conv_forward(shape, input.rows, panels.data(), weights.data(), nullptr, y.data(), DType::f32,
                        nullptr);
      // An element on the edge between two bf16 values may round the other way.
      test::check_close("y", expected.y, y, 3e-3);
      check_weight_gradient({{shape, input.rows, gradient.rows}}, expected.dw, 3e-3, has_amx_bf16());
    }
  }
}

namespace {

// Memory for an output between bytes that no kernel may touch; masked stores are hidden from address
// sanitizers. Panels are aligned, other outputs as badly as their type allows.
template <class T>
class Guarded {
 public:
  explicit Guarded(int64_t count, bool aligned = false)
      : first_(kGuardBytes + (aligned ? 0 : sizeof(T))),
        bytes_(static_cast<size_t>(count) * sizeof(T)),
        memory_(first_ + bytes_ + kGuardBytes, kGuard) {}

  T* data() { return reinterpret_cast<T*>(memory_.data() + first_); }
  bool intact() const {
    const auto is_guard = [](unsigned char byte) { return byte == kGuard; };
    const auto begin = memory_.begin();
    return std::all_of(begin, begin + static_cast<int64_t>(first_), is_guard) &&
           std::all_of(begin + static_cast<int64_t>(first_ + bytes_), memory_.end(), is_guard);
  }

 private:
  static constexpr size_t kGuardBytes = 256;     // four vectors
  static constexpr unsigned char kGuard = 0x3E;  // of a finite number in either type
  size_t first_;
  size_t bytes_;
  LargeVector<unsigned char> memory_;
};

constexpr int64_t kOddChannels[] = {1, 3, 17, 33, 513, 528};
constexpr int64_t kOddFrames[] = {1, 2, 15, 16, 17, 33};

template <class Out>
void check_conv_guards(const ConvShape& shape, const Rows& x, const Rows& dy, const float* w, bool amx) {
  const DType dtype = sizeof(Out) == sizeof(float) ? DType::f32 : DType::bf16;
  const int64_t frames = shape.out_frames();
  Guarded<Bf16> forward(bf16_forward_panel_elements(shape), true);
  Guarded<Bf16> backward(bf16_backward_panel_elements(shape), true);
  bf16_pack_forward(shape, w, forward.data());
  CHECK(forward.intact());
  bf16_pack_backward(shape, w, backward.data());
  CHECK(backward.intact());
  bf16_pack_both(shape, w, forward.data(), backward.data());
  CHECK(forward.intact());
  CHECK(backward.intact());

  Guarded<Out> y(frames * shape.out_channels);
  Guarded<double> moments(2 * frames);
  const std::vector<float> bias(static_cast<size_t>(shape.out_channels), 0.5F);
  bf16_conv_forward(shape, x, forward.data(), w, bias.data(), y.data(), dtype, moments.data(), amx);
  CHECK(moments.intact());
  bf16_conv_forward(shape, x, forward.data(), w, nullptr, y.data(), dtype, nullptr, amx);
  CHECK(y.intact());

  const WeightGradientItem item{shape, x, dy};
  Guarded<Bf16> dy_panels(bf16_gradient_panel_elements(&item, 1), true);
  Guarded<float> dw(shape.kernel * shape.in_channels * shape.out_channels);
  for (const Write write : {Write::overwrite, Write::accumulate}) {
    bf16_conv_backward_weights(&item, 1, dy_panels.data(), write, dw.data(), amx);
    CHECK(dy_panels.intact());
    CHECK(dw.intact());
  }
  Guarded<Out> dx(shape.in_frames * shape.in_channels);
  bf16_conv_backward_data(shape, dy, backward.data(), dx.data(), dtype, amx);
  CHECK(dx.intact());
}

}  // namespace

TEST_CASE("bf16 convolution writes nothing beside its outputs") {
  if (!has_avx512_bf16()) return;
  for (const auto& [kernel, stride] : {std::pair{1, 1}, std::pair{3, 1}, std::pair{5, 2}}) {
    for (const int64_t in : kOddChannels) {
      for (const int64_t out : kOddChannels) {
        for (const int64_t frames : kOddFrames) {
          if (in > 500 && out > 500 && frames % 2 == 0) continue;  // tails are the same, the time is not
          const ConvShape shape{(frames - 1) * stride + kernel, in, out, kernel, stride};
          CAPTURE(fmt::format("kernel {} stride {} in {} out {} frames {}", kernel, stride, in, out, frames));
          const std::vector<double> values =
              test::random_values(1, std::max({shape.in_frames * in, frames * out, kernel * in * out}));
          const std::vector<float> w = as_float(values);
          const Stored f32(values, DType::f32);
          const Stored bf16(values, DType::bf16);
          for (const bool amx : {false, true}) {
            if (amx && !has_amx_bf16()) continue;
            check_conv_guards<float>(shape, f32.rows, bf16.rows, w.data(), amx);
            check_conv_guards<Bf16>(shape, bf16.rows, f32.rows, w.data(), amx);
          }
        }
      }
    }
  }
}

TEST_CASE("bf16 normalisation writes nothing beside its outputs") {
  if (!has_avx512_bf16()) return;
  for (const int64_t channels : kOddChannels) {
    for (const int64_t frames : kOddFrames) {
      CAPTURE(fmt::format("channels {} frames {}", channels, frames));
      const std::vector<double> values = test::random_values(1, frames * channels);
      const std::vector<float> affine(static_cast<size_t>(channels), 0.5F);
      const Stored f32(values, DType::f32);
      const Stored bf16(values, DType::bf16);
      const Bf16* y = bf16.bf16.data();
      Guarded<double> moments(2 * frames);
      bf16_row_moments(y, frames, channels, moments.data());
      CHECK(moments.intact());
      const NormOnRead norm{affine.data(), affine.data(), Activation::relu};
      Guarded<float> out32(frames * channels);
      bf16_norm_forward(y, frames, channels, norm, out32.data(), DType::f32);
      CHECK(out32.intact());
      Guarded<Bf16> out16(frames * channels);
      bf16_norm_forward(y, frames, channels, norm, out16.data(), DType::bf16);
      CHECK(out16.intact());

      Guarded<float> dgamma(channels);
      Guarded<float> dbeta(channels);
      for (const Rows& dy : {f32.rows, bf16.rows}) {
        bf16_norm_backward(dy, 1.0F, y, frames, channels, {}, {affine.data(), affine.data()},
                           Activation::gelu, dgamma.data(), dbeta.data(), out16.data());
        CHECK(dgamma.intact());
        CHECK(dbeta.intact());
        CHECK(out16.intact());
        bf16_add_column_sums(dy, frames, channels, dgamma.data());
        CHECK(dgamma.intact());
      }
      bf16_add_and_scale(out16.data(), y, frames * channels, 0.5F);
      CHECK(out16.intact());
      bf16_add_scaled(out16.data(), y, frames * channels, 0.5F);
      CHECK(out16.intact());
    }
  }
}
