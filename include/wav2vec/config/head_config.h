#pragma once
// What lets audio and text meet on top of a network: section [head] of a recipe.

#include <cstdint>

#include "wav2vec/config/fields.h"

namespace wav2vec {

/// Where audio and text meet: in sums of products of what each tower says alone, or before, the letters
/// attending to the audio (model/alignment_network.h).
enum class Fusion { late, early };
inline constexpr std::string_view kFusionNames[] = {"late", "early"};

struct HeadConfig {
  int64_t hidden = 128;  ///< units of each direction of an LSTM
  int64_t lstm_layers = 1;
  double dropout = 0.1;  ///< on what enters each LSTM and the outputs
  int64_t sounds = 64;   ///< classes in which both towers meet; the first are text.phone_times' phones
  int64_t text_channels = 192;
  int64_t text_context = 4;  ///< letters on either side
  /// Learning rate of encoder and context network over that of the head; 0: they stay as they are.
  double network_rate = 0.2;
  Fusion fusion = Fusion::late;
  int64_t attention_channels = 64;  ///< of queries, keys and values
  /// Share of texts that attend to nothing while training: letters must stand for sounds without audio, too.
  double attention_dropout = 0.25;
  /// Of the loss that tells the text of an utterance from wrong ones (align/match_loss.h); 0: none.
  double match_weight = 0.0;
  int64_t match_negatives = 3;     ///< wrong texts for each right one
  double match_temperature = 0.1;  ///< nats per frame

  bool tunes_network() const { return network_rate > 0.0; }

  void visit(FieldVisitor& v);
  void validate() const;
};

}  // namespace wav2vec
