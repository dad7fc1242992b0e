#include "wav2vec/nn/group_norm.h"

#include <doctest/doctest.h>

#include "support/reference.h"

using namespace wav2vec;

namespace {

void check_norm(int64_t frames, int64_t channels, bool affine, Activation activation) {
  CAPTURE(frames);
  CAPTURE(channels);
  CAPTURE(affine);
  const bool gelu = activation == Activation::gelu;
  CAPTURE(gelu);
  ParameterLayout layout;
  const GroupNormActivation norm = make_group_norm(layout, "norm", channels, affine, activation);
  layout.freeze();
  ParameterBlock parameters(layout);
  ParameterBlock gradients(layout);
  test::Signal x = test::random_signal(11, frames, channels);
  for (double& v : x.values) v = 3.0 * v + 0.5;
  auto gamma = affine ? test::random_values(12, channels) : std::vector<double>{};
  auto beta = affine ? test::random_values(13, channels) : std::vector<double>{};
  if (affine) {
    from_checkpoint_order(layout[norm.weight], test::to_float(gamma), parameters[norm.weight]);
    from_checkpoint_order(layout[norm.bias], test::to_float(beta), parameters[norm.bias]);
  }
  for (size_t i = 0; i < x.values.size(); ++i)
    x.values[i] = static_cast<double>(static_cast<float>(x.values[i]));

  Workspace workspace;
  const Pass pass{parameters, workspace};
  const test::Item input(x);
  test::Item output(frames, channels);
  const NormStatistics statistics = group_norm_statistics(norm, pass, input.view);
  group_norm_forward(norm, pass, input.view, statistics, output.view);
  const auto reference = [&] { return test::group_norm_activation(x, gamma, beta, gelu); };
  test::check_close("forward", reference().values, output.values, 1e-5);

  const test::Signal dy = test::random_signal(14, frames, channels);
  test::Item gradient(dy);
  group_norm_backward(norm, pass, input.view, statistics, gradient.view, 0.5F, gradients, gradient.view);
  const auto loss = [&] { return 0.5 * test::dot(dy, reference()); };
  test::check_gradient("x", x.values, loss, gradient.values, 1e-4, 3);
  if (affine) {
    test::check_gradient("gamma", gamma, loss, checkpoint_values(gradients, norm.weight));
    test::check_gradient("beta", beta, loss, checkpoint_values(gradients, norm.bias));
  }
}

}  // namespace

TEST_CASE("group norm with activation equals its definition and its central differences") {
  for (const Activation activation : {Activation::relu, Activation::gelu}) {
    for (const bool affine : {false, true}) {
      check_norm(1, 5, affine, activation);
      check_norm(40, 3, affine, activation);
      check_norm(130, 17, affine, activation);
    }
  }
}

TEST_CASE("group norm: a large offset of the signal does not cancel its variance away") {
  ParameterLayout layout;
  const GroupNormActivation norm = make_group_norm(layout, "n", 16, false, Activation::relu);
  layout.freeze();
  Workspace workspace;
  test::Item x(50, 16);
  for (size_t i = 0; i < x.values.size(); ++i) x.values[i] = 4096.0F + (i % 2 == 0 ? 0.25F : -0.25F);
  const ParameterBlock parameters(layout);
  const NormStatistics statistics = group_norm_statistics(norm, {parameters, workspace}, x.view);
  CHECK(statistics[0] == doctest::Approx(4096.0));
  CHECK(statistics[1] == doctest::Approx(1.0 / std::sqrt(0.0625 + 1e-5)).epsilon(1e-4));
}

TEST_CASE("group norm: constant input stays finite") {
  ParameterLayout layout;
  const GroupNormActivation norm = make_group_norm(layout, "n", 4, true, Activation::relu);
  layout.freeze();
  ParameterBlock parameters(layout);
  initialize_parameters(parameters, 1);
  Workspace workspace;
  test::Item x(20, 4);
  std::fill(x.values.begin(), x.values.end(), 0.3F);
  test::Item y(20, 4);
  const Pass pass{parameters, workspace};
  group_norm_forward(norm, pass, x.view, group_norm_statistics(norm, pass, x.view), y.view);
  for (float v : y.values) CHECK(std::fabs(v) < 1e-3F);
}
