// The bidirectional LSTM against its definition in double.

#include "wav2vec/nn/lstm.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "support/reference.h"

using namespace wav2vec;

namespace {

constexpr int64_t kIn = 3;
constexpr int64_t kHidden = 2;

struct Weights {
  std::vector<double> input = test::random_values(1, 8 * kHidden * kIn);  // [8 hidden, in]
  std::vector<double> bias = test::random_values(2, 8 * kHidden);
  std::vector<double> recurrent[2] = {test::random_values(3, kHidden * 4 * kHidden),
                                      test::random_values(4, kHidden * 4 * kHidden)};
};

double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

test::Signal lstm(const test::Signal& x, const Weights& w) {
  test::Signal y(x.frames, 2 * kHidden);
  for (int64_t direction = 0; direction < 2; ++direction) {
    std::vector<double> h(kHidden, 0.0);
    std::vector<double> c(kHidden, 0.0);
    for (int64_t step = 0; step < x.frames; ++step) {
      const int64_t t = direction == 0 ? step : x.frames - 1 - step;
      std::vector<double> a(4 * kHidden);
      for (int64_t g = 0; g < 4 * kHidden; ++g) {
        const int64_t row = direction * 4 * kHidden + g;
        double sum = w.bias[static_cast<size_t>(row)];
        for (int64_t i = 0; i < kIn; ++i) sum += w.input[static_cast<size_t>(row * kIn + i)] * x.at(t, i);
        for (int64_t j = 0; j < kHidden; ++j)
          sum += h[static_cast<size_t>(j)] * w.recurrent[direction][static_cast<size_t>(j * 4 * kHidden + g)];
        a[static_cast<size_t>(g)] = sum;
      }
      for (size_t j = 0; j < kHidden; ++j) {
        c[j] = sigmoid(a[kHidden + j]) * c[j] + sigmoid(a[j]) * std::tanh(a[2 * kHidden + j]);
        h[j] = sigmoid(a[3 * kHidden + j]) * std::tanh(c[j]);
        y.at(t, direction * kHidden + static_cast<int64_t>(j)) = h[j];
      }
    }
  }
  return y;
}

struct Layer {
  ParameterLayout layout;
  BidirectionalLstm lstm = make_bidirectional_lstm(layout, "lstm", kIn, kHidden);
  ParameterBlock parameters;
  ParameterBlock gradients;
  Workspace workspace;

  explicit Layer(const Weights& w) : parameters(frozen(layout)), gradients(layout) {
    set(lstm.input.weight, w.input);
    set(lstm.input.bias, w.bias);
    for (size_t d = 0; d < 2; ++d) set(lstm.recurrent[d], w.recurrent[d]);
  }
  Pass pass() { return {parameters, workspace}; }

 private:
  static const ParameterLayout& frozen(ParameterLayout& layout) {
    layout.freeze();
    return layout;
  }
  void set(ParameterId id, const std::vector<double>& values) {
    from_checkpoint_order(layout[id], test::to_float(values), parameters[id]);
  }
};

}  // namespace

TEST_CASE("lstm: definition and central differences") {
  for (const int64_t frames : {1, 2, 7}) {
    CAPTURE(frames);
    test::Signal x = test::random_signal(5, frames, kIn);
    Weights w;
    Layer layer(w);
    const test::Item input(x);
    LstmCache cache;
    const Activations y = lstm_forward(layer.lstm, layer.pass(), input.view, cache);
    test::check_close("forward", lstm(x, w).values, {y.item(0), static_cast<size_t>(y.size())}, 1e-6);

    const test::Signal dy = test::random_signal(6, frames, 2 * kHidden);
    const test::Item doutput(dy);
    test::Item dinput(frames, kIn);
    lstm_backward(layer.lstm, layer.pass(), cache, doutput.view, layer.gradients, &dinput.view);
    const auto loss = [&] { return test::dot(dy, lstm(x, w)); };
    test::check_gradient("x", x.values, loss, dinput.values);
    test::check_gradient("input", w.input, loss, checkpoint_values(layer.gradients, layer.lstm.input.weight));
    test::check_gradient("bias", w.bias, loss, checkpoint_values(layer.gradients, layer.lstm.input.bias));
    if (frames == 1) continue;  // no frame before: the recurrent weights are not used
    for (size_t d = 0; d < 2; ++d)
      test::check_gradient("recurrent", w.recurrent[d], loss,
                           checkpoint_values(layer.gradients, layer.lstm.recurrent[d]));
  }
}

TEST_CASE("lstm: an item's output and gradient do not depend on its batch mates or padding") {
  const Weights w;
  Layer layer(w);
  constexpr int64_t kFrames = 9;
  const std::vector<int64_t> lengths{4, kFrames, 6};
  std::vector<float> values(3 * kFrames * kIn, std::numeric_limits<float>::quiet_NaN());
  std::vector<float> dvalues(3 * kFrames * 2 * kHidden, std::numeric_limits<float>::quiet_NaN());
  std::vector<float> dx_values(values.size(), 0.0F);
  const Activations x{values.data(), 3, kFrames, kIn, lengths};
  const Activations dy{dvalues.data(), 3, kFrames, 2 * kHidden, lengths};
  const Activations dx{dx_values.data(), 3, kFrames, kIn, lengths};
  for (int64_t b = 0; b < 3; ++b) {
    const auto seed = static_cast<uint64_t>(b);
    const auto item = test::to_float(test::random_values(seed, x.length(b) * kIn));
    const auto ditem = test::to_float(test::random_values(seed + 9, x.length(b) * 2 * kHidden));
    std::copy(item.begin(), item.end(), x.item(b));
    std::copy(ditem.begin(), ditem.end(), dy.item(b));
  }
  LstmCache cache;
  const Activations y = lstm_forward(layer.lstm, layer.pass(), x, cache);
  lstm_backward(layer.lstm, layer.pass(), cache, dy, layer.gradients, &dx);

  ParameterBlock alone_gradients(layer.layout);
  for (int64_t b = 0; b < 3; ++b) {
    CAPTURE(b);
    const int64_t length[] = {x.length(b)};
    const Activations one{x.item(b), 1, x.length(b), kIn, length};
    const Activations done{dy.item(b), 1, x.length(b), 2 * kHidden, length};
    std::vector<float> dx_alone(static_cast<size_t>(x.length(b) * kIn));
    const Activations dx_one{dx_alone.data(), 1, x.length(b), kIn, length};
    LstmCache alone;
    const Activations y_alone = lstm_forward(layer.lstm, layer.pass(), one, alone);
    CHECK(std::equal(y_alone.item(0), y_alone.item(0) + y_alone.size(), y.item(b)));
    lstm_backward(layer.lstm, layer.pass(), alone, done, alone_gradients, &dx_one);
    CHECK(std::equal(dx_alone.begin(), dx_alone.end(), dx.item(b)));
  }
  for (size_t i = 0; i < layer.gradients.flat().size(); ++i)
    CHECK(layer.gradients.flat()[i] == doctest::Approx(alone_gradients.flat()[i]).epsilon(1e-5));
}
