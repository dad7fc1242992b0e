#pragma once
// The part of a network that tells which letter is spoken in a frame: section [head] of a recipe.

#include <cstdint>

#include "wav2vec/config/fields.h"

namespace wav2vec {

struct HeadConfig {
  int64_t hidden = 128;  ///< units of each direction of an LSTM
  int64_t lstm_layers = 1;
  double dropout = 0.1;         ///< on what enters each LSTM and the output
  double prior_exponent = 0.3;  ///< of the letters' priors by which posteriors are divided
  /// Learning rate of encoder and context network over that of the head; 0: they stay as they are.
  double network_rate = 0.2;
  int64_t phones = 0;  ///< classes of the output that learns from phones; training sets it

  bool tunes_network() const { return network_rate > 0.0; }

  void visit(FieldVisitor& v);
  void validate() const;
};

}  // namespace wav2vec
