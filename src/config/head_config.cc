#include "wav2vec/config/head_config.h"

#include <fmt/format.h>

namespace wav2vec {

void HeadConfig::visit(FieldVisitor& v) {
  v.field("hidden", hidden, "units of each direction of an LSTM");
  v.field("lstm_layers", lstm_layers, "bidirectional LSTMs, one on the other, over z and c");
  v.field("dropout", dropout, "on what enters each LSTM and the output");
  v.field("prior_exponent", prior_exponent, "of the letters' priors by which their posteriors are divided");
  v.field("network_rate", network_rate,
          "learning rate of encoder and context network over that of the head; 0 = they stay as they are");
  v.field("phones", phones, "classes of the output that learns from text.phone_times, which set it");
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
  if (phones < 0 || phones > 100000)
    fail_field("head", "phones", fmt::format("{} is not within 0..100000", phones));
  if (!(prior_exponent >= 0.0 && prior_exponent <= 1.0))
    fail_field("head", "prior_exponent", fmt::format("{} is not within [0, 1]", prior_exponent));
}

}  // namespace wav2vec
