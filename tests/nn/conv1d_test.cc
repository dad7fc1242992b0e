#include "wav2vec/nn/conv1d.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "support/reference.h"

using namespace wav2vec;

namespace {

struct ConvCase {
  int64_t frames, in_channels, out_channels, kernel, stride;
};

// Encoder and context layers of wav2vec, and every way in which taps, stride, channels and tails can fail to
// divide: kernel below, equal to, a multiple of and between multiples of the stride; one frame out.
constexpr ConvCase kCases[] = {
    {300, 1, 64, 10, 5}, {61, 1, 7, 10, 5},  {50, 16, 16, 8, 4}, {51, 16, 16, 8, 4}, {53, 3, 5, 4, 2},
    {40, 17, 15, 1, 1},  {30, 8, 24, 3, 1},  {20, 5, 6, 13, 1},  {13, 4, 4, 13, 1},  {41, 6, 5, 7, 3},
    {41, 6, 5, 2, 5},    {37, 33, 31, 5, 2}, {9, 40, 2, 9, 4},   {700, 2, 3, 4, 2},  {1200, 1, 70, 3, 1},
};

void check_conv(const ConvCase& k, bool with_bias) {
  CAPTURE(fmt::format("frames {} in {} out {} kernel {} stride {} bias {}", k.frames, k.in_channels,
                      k.out_channels, k.kernel, k.stride, with_bias));
  ParameterLayout layout;
  const Conv1d conv =
      make_conv1d(layout, "conv", k.in_channels, k.out_channels, k.kernel, k.stride, with_bias);
  layout.freeze();
  ParameterBlock parameters(layout);
  ParameterBlock gradients(layout);

  test::Signal x = test::random_signal(1, k.frames, k.in_channels);
  auto weight = test::random_values(2, k.out_channels * k.in_channels * k.kernel);
  auto bias = with_bias ? test::random_values(3, k.out_channels) : std::vector<double>{};
  from_checkpoint_order(layout[conv.weight], test::to_float(weight), parameters[conv.weight]);
  if (with_bias) from_checkpoint_order(layout[conv.bias], test::to_float(bias), parameters[conv.bias]);

  const auto reference = [&] { return test::conv(x, weight, bias, k.out_channels, k.kernel, k.stride); };
  const test::Signal expected = reference();
  REQUIRE(conv.output_frames(k.frames) == expected.frames);
  const test::Item input(x);
  test::Item output(expected.frames, k.out_channels);
  Workspace workspace;
  const Pass pass{parameters, workspace};
  conv1d_forward(conv, pass, {input.view}, output.view);
  test::check_close("forward", expected.values, output.values, 1e-5);

  const test::Signal dy = test::random_signal(4, expected.frames, k.out_channels);
  const test::Item doutput(dy);
  test::Item dinput(k.frames, k.in_channels);
  std::fill(dinput.values.begin(), dinput.values.end(), 1e9F);  // must be overwritten whole
  conv1d_backward(conv, pass, {input.view}, doutput.view, gradients, &dinput.view);
  const auto loss = [&] { return test::dot(dy, reference()); };
  test::check_gradient("x", x.values, loss, dinput.values, 1e-4, 7);
  test::check_gradient("weight", weight, loss, checkpoint_values(gradients, conv.weight), 1e-4, 5);
  if (with_bias) test::check_gradient("bias", bias, loss, checkpoint_values(gradients, conv.bias));

  // Gradients accumulate.
  const auto once = checkpoint_values(gradients, conv.weight);
  const auto bias_once = with_bias ? checkpoint_values(gradients, conv.bias) : std::vector<float>{};
  conv1d_backward(conv, pass, {input.view}, doutput.view, gradients, nullptr);
  const auto twice = checkpoint_values(gradients, conv.weight);
  std::vector<double> doubled;
  for (float v : once) doubled.push_back(2.0 * static_cast<double>(v));
  test::check_close("accumulated", doubled, twice, 1e-5);

  // A new sum replaces the weights' whatever the block holds; vectors start at zero.
  std::ranges::fill(gradients.flat(), NAN);
  conv1d_backward(conv, pass, {input.view}, doutput.view, start_gradients(gradients), nullptr);
  CHECK(checkpoint_values(gradients, conv.weight) == once);
  if (with_bias) CHECK(checkpoint_values(gradients, conv.bias) == bias_once);
}

}  // namespace

TEST_CASE("conv1d equals its definition and its central differences") {
  for (const ConvCase& k : kCases) check_conv(k, false);
  check_conv(kCases[4], true);
  check_conv(kCases[6], true);
}

TEST_CASE("conv1d: frames of the output") {
  ParameterLayout layout;
  const Conv1d conv = make_conv1d(layout, "c", 1, 1, 8, 4, false);
  CHECK(conv.output_frames(7) == 0);
  CHECK(conv.output_frames(8) == 1);
  CHECK(conv.output_frames(11) == 1);
  CHECK(conv.output_frames(12) == 2);
}
