#include "wav2vec/config/head_config.h"

#include <fmt/format.h>

namespace wav2vec {

void HeadConfig::visit(FieldVisitor& v) {
  v.field("hidden", hidden, "units of each direction of an LSTM");
  v.field("lstm_layers", lstm_layers, "bidirectional LSTMs, one on the other, over z and c");
  v.field("dropout", dropout, "on what enters each LSTM and the outputs");
  v.field("sounds", sounds, "classes in which audio and text meet, those of text.phone_times among them");
  v.field("text_channels", text_channels, "of the convolutions over letters");
  v.field("text_context", text_context, "letters on either side that may change what a letter stands for");
  v.field("network_rate", network_rate,
          "learning rate of encoder and context network over that of the head; 0 = they stay as they are");
  v.choice("fusion", fusion, kFusionNames,
           "audio and text meet in sums of products; or before, letters attending to the audio");
  v.field("attention_channels", attention_channels, "of queries, keys and values of early fusion");
  v.field("attention_dropout", attention_dropout,
          "share of texts whose letters attend to nothing while training, so that they also stand for sounds "
          "alone");
  v.field("match_weight", match_weight,
          "weight of the loss that tells right texts from wrong ones, beside that of the alignment; 0 = "
          "without");
  v.field("match_negatives", match_negatives, "wrong texts for each right one");
  v.field("match_temperature", match_temperature,
          "nats per frame by which a text must score higher to be e times as probable");
}

void HeadConfig::validate() const {
  if (hidden < 1 || hidden > 4096)
    fail_field("head", "hidden", fmt::format("{} is not within 1..4096", hidden));
  if (lstm_layers < 1 || lstm_layers > 8)
    fail_field("head", "lstm_layers", fmt::format("{} is not within 1..8", lstm_layers));
  if (!(dropout >= 0.0 && dropout < 1.0))
    fail_field("head", "dropout", fmt::format("{} is not within [0, 1)", dropout));
  if (!(network_rate >= 0.0 && network_rate <= 100.0))
    fail_field("head", "network_rate", fmt::format("{} is not within 0..100", network_rate));
  if (sounds < 2 || sounds > 4096)
    fail_field("head", "sounds", fmt::format("{} is not within 2..4096", sounds));
  if (text_channels < 1 || text_channels > 4096)
    fail_field("head", "text_channels", fmt::format("{} is not within 1..4096", text_channels));
  if (text_context < 0 || text_context > 64)
    fail_field("head", "text_context", fmt::format("{} is not within 0..64", text_context));
  if (attention_channels < 1 || attention_channels > 4096)
    fail_field("head", "attention_channels", fmt::format("{} is not within 1..4096", attention_channels));
  if (!(attention_dropout >= 0.0 && attention_dropout < 1.0))
    fail_field("head", "attention_dropout", fmt::format("{} is not within [0, 1)", attention_dropout));
  if (!(match_weight >= 0.0 && match_weight <= 1000.0))
    fail_field("head", "match_weight", fmt::format("{} is not within 0..1000", match_weight));
  if (match_negatives < 1 || match_negatives > 64)
    fail_field("head", "match_negatives", fmt::format("{} is not within 1..64", match_negatives));
  if (!(match_temperature >= 1e-3 && match_temperature <= 1000.0))
    fail_field("head", "match_temperature", fmt::format("{} is not within 0.001..1000", match_temperature));
}

}  // namespace wav2vec
