// The small layers: causal pad, residual, dropout, and the order of parameters.

#include <doctest/doctest.h>

#include <set>

#include "support/reference.h"
#include "wav2vec/nn/causal_pad.h"
#include "wav2vec/nn/dropout.h"
#include "wav2vec/nn/parameter.h"
#include "wav2vec/nn/residual.h"

using namespace wav2vec;

TEST_CASE("causal pad: definition and central differences, replicated and zero") {
  for (const bool replicate : {true, false}) {
    for (const int64_t pad : {0, 1, 5}) {
      CAPTURE(replicate);
      CAPTURE(pad);
      test::Signal x = test::random_signal(1, 6, 3);
      const PadValue value = replicate ? PadValue::first_frame : PadValue::zero;
      const test::Item input(x);
      test::Item padded(6 + pad, 3);
      causal_pad_forward(input.view, pad, value, padded.view);
      test::check_close("forward", test::causal_pad(x, pad, replicate).values, padded.values, 0.0);

      const test::Signal dy = test::random_signal(2, 6 + pad, 3);
      const test::Item doutput(dy);
      test::Item dinput(6, 3);
      causal_pad_backward(doutput.view, pad, value, dinput.view);
      test::check_gradient(
          "x", x.values, [&] { return test::dot(dy, test::causal_pad(x, pad, replicate)); }, dinput.values);
    }
  }
}

TEST_CASE("residual: definition and central differences, also subsampled in time") {
  for (const int64_t in_frames : {10, 23, 41}) {
    CAPTURE(in_frames);
    test::Signal x = test::random_signal(1, in_frames, 4);
    test::Signal y = test::random_signal(2, 10, 4);
    const double scale = std::sqrt(0.5);
    const test::Item input(x);
    test::Item output(y);
    residual_forward(output.view, input.view, static_cast<float>(scale));
    test::check_close("forward", test::residual(y, x, scale).values, output.values, 1e-6);

    const test::Signal dy = test::random_signal(3, 10, 4);
    const test::Item gradient(dy);
    test::Item dinput(in_frames, 4);
    residual_backward(gradient.view, dinput.view, static_cast<float>(scale));
    const auto loss = [&] { return test::dot(dy, test::residual(y, x, scale)); };
    test::check_gradient("x", x.values, loss, dinput.values);
  }
}

TEST_CASE("dropout: rate, scale, and a mask that follows the item and not its place") {
  const std::vector<uint64_t> keys{7, 9};
  const std::vector<uint64_t> swapped{9, 7};
  const int64_t frames = 400;
  const std::vector<int64_t> lengths{frames, frames};
  const auto masked = [&](const std::vector<uint64_t>& item_keys, uint64_t layer) {
    std::vector<float> values(static_cast<size_t>(2 * frames * 8), 1.0F);
    apply_dropout({values.data(), 2, frames, 8, lengths}, 0.25, layer, {3, item_keys});
    return values;
  };
  const auto a = masked(keys, 0);
  int64_t kept = 0;
  for (float v : a) {
    CHECK((v == 0.0F || v == doctest::Approx(1.0 / 0.75)));
    kept += v != 0.0F ? 1 : 0;
  }
  CHECK(static_cast<double>(kept) / static_cast<double>(a.size()) == doctest::Approx(0.75).epsilon(0.03));
  CHECK(a == masked(keys, 0));
  CHECK(a != masked(keys, 1));
  const auto b = masked(swapped, 0);
  const auto half = a.begin() + static_cast<int64_t>(a.size() / 2);
  CHECK(std::equal(a.begin(), half, b.begin() + static_cast<int64_t>(b.size() / 2)));
  CHECK(std::equal(half, a.end(), b.begin()));
}

TEST_CASE("parameters: sorted by name whatever the order of adding") {
  ParameterLayout layout;
  const ParameterId b = layout.add({.name = "b", .shape = {2}});
  const ParameterId a = layout.add({.name = "a", .shape = {3, 2}});
  layout.freeze();
  CHECK(layout.total_size() == 8);
  CHECK(layout[a].offset == 0);
  CHECK(layout[b].offset == 6);
  ParameterBlock block(layout);
  block[b][1] = 5.0F;
  CHECK(block.flat()[7] == 5.0F);
  CHECK(block.data(ParameterId{}) == nullptr);
}

TEST_CASE("parameters: checkpoint order and compute order are inverse permutations") {
  for (const WeightOrder order : {WeightOrder::same, WeightOrder::reversed, WeightOrder::step_projection}) {
    const bool head = order == WeightOrder::step_projection;
    ParameterSpec spec{.name = "w",
                       .shape = head ? std::vector<int64_t>{3, 4, 1, 5} : std::vector<int64_t>{3, 4, 5},
                       .order = order};
    spec.size = 60;
    std::vector<float> numbers(60);
    for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<float>(i);
    std::vector<float> block(60);
    std::vector<float> back(60);
    from_checkpoint_order(spec, numbers, block);
    to_checkpoint_order(spec, block, back);
    CHECK(back == numbers);
    CHECK(std::set<float>(block.begin(), block.end()).size() == 60);
    // Element [1, 2, 3] of the checkpoint (of the head: in 1, out 2, step 3).
    const float value = numbers[static_cast<size_t>((1 * 4 + 2) * 5 + 3)];
    if (order == WeightOrder::reversed) CHECK(block[static_cast<size_t>((3 * 4 + 2) * 3 + 1)] == value);
    if (head) CHECK(block[static_cast<size_t>((1 * 5 + 3) * 4 + 2)] == value);
  }
}

TEST_CASE("parameters: initial values follow seed and name, not the order of adding") {
  const auto values = [](bool swapped, uint64_t seed) {
    ParameterLayout layout;
    ParameterSpec x{.name = "x", .shape = {1000}, .init = ParameterInit::uniform, .init_bound = 0.5};
    ParameterSpec y{.name = "y", .shape = {7}, .init = ParameterInit::ones};
    layout.add(swapped ? y : x);
    layout.add(swapped ? x : y);
    layout.freeze();
    ParameterBlock block(layout);
    initialize_parameters(block, seed);
    return std::vector<float>(block.flat().begin(), block.flat().end());
  };
  const auto v = values(false, 1);
  CHECK(v == values(true, 1));
  CHECK(v != values(false, 2));
  CHECK(v[1000] == 1.0F);
  double mean = 0.0;
  for (size_t i = 0; i < 1000; ++i) {
    CHECK(std::fabs(v[i]) <= 0.5F);
    mean += static_cast<double>(v[i]) / 1000.0;
  }
  CHECK(std::fabs(mean) < 0.05);
}
