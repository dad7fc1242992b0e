#pragma once
// A bidirectional long short-term memory layer (Hochreiter and Schmidhuber 1997; the gates as in PyTorch).

#include <string>

#include "wav2vec/nn/conv1d.h"

namespace wav2vec {

/// For each direction, with a = x_t·W + b + h·U, in the order i, f, g, o:
/// c = σ(a_f)·c + σ(a_i)·tanh(a_g);  h = σ(a_o)·tanh(c);  y_t = [h forward, h backward].
struct BidirectionalLstm {
  int64_t in_channels = 0;
  int64_t hidden = 0;        ///< units of each direction
  Conv1d input;              ///< x -> the gates of both directions, [8·hidden]
  ParameterId recurrent[2];  ///< U, [hidden, 4·hidden], of forward and backward

  int64_t out_channels() const { return 2 * hidden; }
};

/// What backward needs, views into the workspace.
struct LstmCache {
  Activations input;
  Activations gates;  ///< after σ and tanh, [batch, frames, 8·hidden]
  Activations cells;  ///< c, [batch, frames, 2·hidden]
  Activations output;
};

/// Adds `<scope>.input.{weight,bias}` and `<scope>.recurrent_{forward,backward}`, all U(±1/√hidden).
BidirectionalLstm make_bidirectional_lstm(ParameterLayout& layout, const std::string& scope,
                                          int64_t in_channels, int64_t hidden);

/// x: [batch, frames, in_channels] in f32 -> [batch, frames, 2·hidden]. The backward direction of an item
/// starts at its own last frame.
Activations lstm_forward(const BidirectionalLstm& lstm, const Pass& pass, const Activations& x,
                         LstmCache& cache);

/// Accumulates the gradients of the parameters; overwrites dx unless it is null.
void lstm_backward(const BidirectionalLstm& lstm, const Pass& pass, const LstmCache& cache,
                   const Activations& dy, ParameterBlock& gradients, const Activations* dx);

}  // namespace wav2vec
