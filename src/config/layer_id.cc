#include "wav2vec/config/layer_id.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"

namespace wav2vec {
namespace {

std::vector<LayerId> all_blocks(const ModelConfig& config) {
  std::vector<LayerId> layers;
  for (size_t i = 0; i < config.encoder_channels.size(); ++i)
    layers.push_back(LayerId::encoder(static_cast<int64_t>(i)));
  for (size_t i = 0; i < config.context_channels.size(); ++i)
    layers.push_back(LayerId::context(static_cast<int64_t>(i)));
  return layers;
}

std::vector<LayerId> layers_named(const ModelConfig& config, std::string_view name) {
  std::vector<LayerId> known = all_blocks(config);
  if (name == "all") return known;
  known.push_back(LayerId::z());
  known.push_back(LayerId::c());
  for (const LayerId layer : known) {
    if (layer_name(layer) == name) return {layer};
  }
  throw ConfigError(
      fmt::format("no layer \"{}\"; this model has z, c, encoder.0 .. encoder.{}, context.0 .. "
                  "context.{}, and all for every block",
                  printable(name), config.encoder_channels.size() - 1, config.context_channels.size() - 1));
}

size_t encoder_blocks(const ModelConfig& config, LayerId layer) {
  return layer.kind == LayerId::Kind::encoder ? static_cast<size_t>(layer.block) + 1
                                              : config.encoder_channels.size();
}

size_t context_blocks(const ModelConfig& config, LayerId layer) {
  if (layer.kind == LayerId::Kind::c) return config.context_channels.size();
  return layer.kind == LayerId::Kind::context ? static_cast<size_t>(layer.block) + 1 : 0;
}

}  // namespace

std::string layer_name(LayerId layer) {
  switch (layer.kind) {
    case LayerId::Kind::encoder:
      return fmt::format("encoder.{}", layer.block);
    case LayerId::Kind::z:
      return "z";
    case LayerId::Kind::context:
      return fmt::format("context.{}", layer.block);
    case LayerId::Kind::c:
      return "c";
  }
  return "";
}

std::vector<LayerId> parse_layers(const ModelConfig& config, std::string_view text) {
  std::vector<LayerId> layers;
  for (;;) {
    const size_t comma = text.find(',');
    for (const LayerId layer : layers_named(config, text.substr(0, comma))) {
      if (std::find(layers.begin(), layers.end(), layer) == layers.end()) layers.push_back(layer);
    }
    if (comma == std::string_view::npos) return layers;
    text.remove_prefix(comma + 1);
  }
}

int64_t layer_channels(const ModelConfig& config, LayerId layer) {
  const size_t context = context_blocks(config, layer);
  return context > 0 ? config.context_channels[context - 1]
                     : config.encoder_channels[encoder_blocks(config, layer) - 1];
}

FrameGeometry layer_geometry(const ModelConfig& config, LayerId layer) {
  ModelConfig below = config;
  below.encoder_kernels.resize(encoder_blocks(config, layer));
  return encoder_geometry(below);
}

int64_t layer_history_frames(const ModelConfig& config, LayerId layer) {
  ModelConfig below = config;
  below.context_kernels.resize(context_blocks(config, layer));
  return context_frames(below) - 1;
}

}  // namespace wav2vec
