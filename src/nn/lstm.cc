#include "wav2vec/nn/lstm.h"

#include <Eigen/Core>
#include <cmath>

#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// One direction of the layer: where its gates and states lie in a frame, and in which order it visits them.
struct Direction {
  int64_t index = 0;  ///< 0 forward, 1 backward
  int64_t hidden = 0;
  int64_t gates_offset() const { return index * 4 * hidden; }
  int64_t state_offset() const { return index * hidden; }
  /// The frame of turn `step` in an utterance of `frames`.
  int64_t frame(int64_t step, int64_t frames) const { return index == 0 ? step : frames - 1 - step; }
};

float sigmoid(float x) { return 1.0F / (1.0F + std::exp(-x)); }

// gates: a before, σ and tanh of it afterwards; c and h of this frame from c of the one visited before.
void cell_forward(int64_t hidden, float* gates, const float* previous_c, float* c, float* h) {
  for (int64_t j = 0; j < hidden; ++j) {
    const float in = gates[j] = sigmoid(gates[j]);
    const float forget = gates[hidden + j] = sigmoid(gates[hidden + j]);
    const float candidate = gates[2 * hidden + j] = std::tanh(gates[2 * hidden + j]);
    const float out = gates[3 * hidden + j] = sigmoid(gates[3 * hidden + j]);
    c[j] = (previous_c == nullptr ? 0.0F : forget * previous_c[j]) + in * candidate;
    h[j] = out * std::tanh(c[j]);
  }
}

// dc: of the frame visited next, in; of the one visited before, out. dgates: of a.
void cell_backward(int64_t hidden, const float* gates, const float* previous_c, const float* c,
                   const float* dh, float* dc, float* dgates) {
  for (int64_t j = 0; j < hidden; ++j) {
    const float in = gates[j];
    const float forget = gates[hidden + j];
    const float candidate = gates[2 * hidden + j];
    const float out = gates[3 * hidden + j];
    const float squashed = std::tanh(c[j]);
    const float d = dc[j] + dh[j] * out * (1.0F - squashed * squashed);
    dgates[j] = d * candidate * in * (1.0F - in);
    dgates[hidden + j] = previous_c == nullptr ? 0.0F : d * previous_c[j] * forget * (1.0F - forget);
    dgates[2 * hidden + j] = d * in * (1.0F - candidate * candidate);
    dgates[3 * hidden + j] = dh[j] * squashed * out * (1.0F - out);
    dc[j] = d * forget;
  }
}

int64_t longest(const Activations& x) {
  int64_t frames = 0;
  for (const int64_t length : x.lengths) frames = std::max(frames, length);
  return frames;
}

// All items take a turn together, so that the recurrent product is one over the batch. Those that have ended
// go along as zeros.
void forward_direction(const Direction& d, const float* weight, const LstmCache& cache) {
  const int64_t hidden = d.hidden;
  const int64_t batch = cache.gates.batch;
  const Eigen::Map<const Matrix> recurrent(weight, hidden, 4 * hidden);
  Matrix h = Matrix::Zero(batch, hidden);
  Matrix product(batch, 4 * hidden);
  const int64_t steps = longest(cache.gates);
  for (int64_t step = 0; step < steps; ++step) {
    if (step > 0) product.noalias() = h * recurrent;
    for (int64_t b = 0; b < batch; ++b) {
      const int64_t frames = cache.gates.length(b);
      if (step >= frames) continue;
      const int64_t t = d.frame(step, frames);
      float* gates = cache.gates.frame(b, t) + d.gates_offset();
      if (step > 0) Eigen::Map<Eigen::RowVectorXf>(gates, 4 * hidden) += product.row(b);
      const float* previous_c =
          step == 0 ? nullptr : cache.cells.frame(b, d.frame(step - 1, frames)) + d.state_offset();
      float* out = cache.output.frame(b, t) + d.state_offset();
      cell_forward(hidden, gates, previous_c, cache.cells.frame(b, t) + d.state_offset(), out);
      h.row(b) = Eigen::Map<const Eigen::RowVectorXf>(out, hidden);
    }
  }
}

// Leaves d(loss)/da in dgates.
void backward_direction(const Direction& d, const float* weight, const LstmCache& cache,
                        const Activations& dy, const Activations& dgates) {
  const int64_t hidden = d.hidden;
  const int64_t batch = dy.batch;
  const Eigen::Map<const Matrix> recurrent(weight, hidden, 4 * hidden);
  Matrix dh = Matrix::Zero(batch, hidden);  // through the frame visited next
  Matrix dc = Matrix::Zero(batch, hidden);
  Matrix da = Matrix::Zero(batch, 4 * hidden);
  for (int64_t step = longest(dy) - 1; step >= 0; --step) {
    for (int64_t b = 0; b < batch; ++b) {
      const int64_t frames = dy.length(b);
      if (step >= frames) continue;
      const int64_t t = d.frame(step, frames);
      dh.row(b) += Eigen::Map<const Eigen::RowVectorXf>(dy.frame(b, t) + d.state_offset(), hidden);
      const float* previous_c =
          step == 0 ? nullptr : cache.cells.frame(b, d.frame(step - 1, frames)) + d.state_offset();
      float* out = dgates.frame(b, t) + d.gates_offset();
      cell_backward(hidden, cache.gates.frame(b, t) + d.gates_offset(), previous_c,
                    cache.cells.frame(b, t) + d.state_offset(), dh.row(b).data(), dc.row(b).data(), out);
      da.row(b) = Eigen::Map<const Eigen::RowVectorXf>(out, 4 * hidden);
    }
    dh.noalias() = da * recurrent.transpose();
  }
}

// dU += Σ_t h of the frame visited before t, transposed, times da of t.
void recurrent_gradient(const Direction& d, const LstmCache& cache, const Activations& dgates,
                        float* gradient) {
  using Rows = Eigen::Map<const Matrix, 0, Eigen::OuterStride<>>;
  Eigen::Map<Matrix> sum(gradient, d.hidden, 4 * d.hidden);
  for (int64_t b = 0; b < dgates.batch; ++b) {
    const int64_t turns = dgates.length(b) - 1;
    if (turns < 1) continue;
    const int64_t h_from = d.index == 0 ? 0 : 1;
    const Rows h(cache.output.frame(b, h_from) + d.state_offset(), turns, d.hidden,
                 Eigen::OuterStride<>(cache.output.channels));
    const Rows da(dgates.frame(b, 1 - h_from) + d.gates_offset(), turns, 4 * d.hidden,
                  Eigen::OuterStride<>(dgates.channels));
    sum.noalias() += h.transpose() * da;
  }
}

}  // namespace

BidirectionalLstm make_bidirectional_lstm(ParameterLayout& layout, const std::string& scope,
                                          int64_t in_channels, int64_t hidden) {
  const double bound = 1.0 / std::sqrt(static_cast<double>(hidden));
  const auto add = [&](const std::string& name, std::vector<int64_t> shape, WeightOrder order) {
    return layout.add({.name = scope + name,
                       .shape = std::move(shape),
                       .order = order,
                       .init = ParameterInit::uniform,
                       .init_bound = bound});
  };
  BidirectionalLstm lstm{.in_channels = in_channels, .hidden = hidden, .input = {}, .recurrent = {}};
  lstm.input = {.in_channels = in_channels,
                .out_channels = 8 * hidden,
                .kernel = 1,
                .weight = add(".input.weight", {8 * hidden, in_channels, 1}, WeightOrder::reversed),
                .bias = add(".input.bias", {8 * hidden}, WeightOrder::same)};
  lstm.recurrent[0] = add(".recurrent_forward", {hidden, 4 * hidden}, WeightOrder::same);
  lstm.recurrent[1] = add(".recurrent_backward", {hidden, 4 * hidden}, WeightOrder::same);
  return lstm;
}

Activations lstm_forward(const BidirectionalLstm& lstm, const Pass& pass, const Activations& x,
                         LstmCache& cache) {
  W2V_CHECK(x.dtype == DType::f32 && x.channels == lstm.in_channels, "an LSTM reads f32 of its width");
  const auto push = [&](int64_t channels) {
    return pass.workspace.push(x.batch, x.frames, channels, x.lengths);
  };
  cache = {x, push(8 * lstm.hidden), push(2 * lstm.hidden), push(lstm.out_channels())};
  const Pass f32{pass.parameters, pass.workspace, pass.random};
  conv1d_forward(lstm.input, f32, {x}, cache.gates);
#pragma omp parallel for num_threads(2)
  for (int64_t i = 0; i < 2; ++i)
    forward_direction({i, lstm.hidden}, pass.parameters.data(lstm.recurrent[i]), cache);
  return cache.output;
}

void lstm_backward(const BidirectionalLstm& lstm, const Pass& pass, const LstmCache& cache,
                   const Activations& dy, ParameterBlock& gradients, const Activations* dx) {
  const Workspace::Mark mark = pass.workspace.mark();
  const Activations dgates = pass.workspace.push_like(cache.gates);
#pragma omp parallel for num_threads(2)
  for (int64_t i = 0; i < 2; ++i) {
    const Direction d{i, lstm.hidden};
    backward_direction(d, pass.parameters.data(lstm.recurrent[i]), cache, dy, dgates);
    recurrent_gradient(d, cache, dgates, gradients.data(lstm.recurrent[i]));
  }
  const Pass f32{pass.parameters, pass.workspace, pass.random};
  conv1d_backward(lstm.input, f32, {cache.input}, dgates, gradients, dx);
  pass.workspace.rewind(mark);
}

}  // namespace wav2vec
