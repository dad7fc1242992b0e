#pragma once

#include <cstdint>
#include <optional>

#include "wav2vec/config/head_config.h"
#include "wav2vec/config/model_config.h"
#include "wav2vec/config/objective_config.h"
#include "wav2vec/config/token_kind.h"

namespace wav2vec {

/// What a model file says beside its tensors.
struct ModelFileInfo {
  ModelConfig model;
  ObjectiveConfig objective;
  int64_t sample_rate_hz = 16000;
  bool normalize = false;                 ///< waveforms were normalised per utterance in training
  int64_t update = 0;                     ///< of the training run
  std::optional<HeadConfig> head = {};    ///< of a network that was trained to align text
  TokenKind tokens = TokenKind::letters;  ///< of the head
};

}  // namespace wav2vec
