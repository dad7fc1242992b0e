#pragma once
// What lets audio and text meet on top of a network: section [head] of a recipe.

#include <cstdint>

#include "wav2vec/config/fields.h"

namespace wav2vec {

struct HeadConfig {
  int64_t hidden = 128;  ///< units of each direction of an LSTM
  int64_t lstm_layers = 1;
  double dropout = 0.1;  ///< on what enters each LSTM and the outputs
  int64_t sounds = 64;   ///< classes in which both towers meet; the first are text.phone_times' phones
  int64_t text_channels = 192;
  int64_t text_context = 4;  ///< letters on either side
  /// Learning rate of encoder and context network over that of the head; 0: they stay as they are.
  double network_rate = 0.2;

  bool tunes_network() const { return network_rate > 0.0; }

  void visit(FieldVisitor& v);
  void validate() const;
};

}  // namespace wav2vec
