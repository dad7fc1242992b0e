#pragma once
// The layers whose outputs can be extracted, and their frames.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "wav2vec/config/model_config.h"

namespace wav2vec {

/// encoder.<i> and context.<i>: the output of a block after normalisation, activation and skip connection.
/// z: the last encoder block after log compression; c: the last context block.
struct LayerId {
  enum class Kind { encoder, z, context, c };
  Kind kind = Kind::c;
  int64_t block = 0;  ///< of encoder and context

  static constexpr LayerId z() { return {Kind::z, 0}; }
  static constexpr LayerId c() { return {Kind::c, 0}; }
  static constexpr LayerId encoder(int64_t block) { return {Kind::encoder, block}; }
  static constexpr LayerId context(int64_t block) { return {Kind::context, block}; }
  auto operator<=>(const LayerId&) const = default;
};

/// "z", "c", "encoder.3", "context.0".
std::string layer_name(LayerId layer);

/// Names as layer_name() writes them, separated by commas; "all" stands for every block of the encoder and
/// the context network. Throws ConfigError with the layers that the model has.
std::vector<LayerId> parse_layers(const ModelConfig& config, std::string_view text);

int64_t layer_channels(const ModelConfig& config, LayerId layer);

/// Frame arithmetic of a layer's rows. Of a context layer it is that of z: row t also reads the frames of z
/// before t, layer_history_frames() of them, so that with the base model c reaches 209 ms back, with the
/// large one 809 ms; and all layers see the whole utterance through its mean and variance.
FrameGeometry layer_geometry(const ModelConfig& config, LayerId layer);

/// Frames of z before its own that a row of the layer reads; 0 for z and the encoder.
int64_t layer_history_frames(const ModelConfig& config, LayerId layer);

}  // namespace wav2vec
