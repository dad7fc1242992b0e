#include "wav2vec/config/layer_id.h"

#include <doctest/doctest.h>

#include "wav2vec/core/error.h"

using namespace wav2vec;

TEST_CASE("layers: names go both ways") {
  const ModelConfig base;
  for (const char* name : {"z", "c", "encoder.0", "encoder.4", "context.0", "context.8"}) {
    const auto layers = parse_layers(base, name);
    REQUIRE(layers.size() == 1);
    CHECK(layer_name(layers[0]) == name);
  }
  CHECK(parse_layers(base, "c,encoder.2,c") == std::vector{LayerId::c(), LayerId::encoder(2)});
  const auto all = parse_layers(base, "all");
  CHECK(all.size() == 14);
  CHECK(all.front() == LayerId::encoder(0));
  CHECK(all.back() == LayerId::context(8));
}

TEST_CASE("layers: a name that the model does not have is told what it has") {
  for (const char* name : {"", "x", "encoder", "encoder.", "encoder.5", "encoder.-1", "encoder.01",
                           "context.9", "z,", "Z", "c\n"}) {
    CAPTURE(name);
    try {
      parse_layers(ModelConfig{}, name);
      FAIL("accepted");
    } catch (const ConfigError& error) {
      const std::string message = error.what();
      CHECK(message.find("encoder.0 .. encoder.4, context.0 .. context.8") != std::string::npos);
      CHECK(message.find('\n') == std::string::npos);
    }
  }
}

TEST_CASE("layers: frames of inner encoder blocks are those of the blocks below, context layers have z's") {
  const ModelConfig base;
  const auto geometry = [&](LayerId layer) {
    const FrameGeometry g = layer_geometry(base, layer);
    return std::pair{g.hop_samples, g.receptive_field_samples};
  };
  CHECK(geometry(LayerId::encoder(0)) == std::pair<int64_t, int64_t>{5, 10});
  CHECK(geometry(LayerId::encoder(1)) == std::pair<int64_t, int64_t>{20, 45});
  CHECK(geometry(LayerId::encoder(4)) == std::pair<int64_t, int64_t>{160, 465});
  for (const LayerId layer : {LayerId::z(), LayerId::context(0), LayerId::c()})
    CHECK(geometry(layer) == std::pair<int64_t, int64_t>{160, 465});
  CHECK(layer_history_frames(base, LayerId::z()) == 0);
  CHECK(layer_history_frames(base, LayerId::context(0)) == 2);
  CHECK(layer_history_frames(base, LayerId::c()) == 18);
}

TEST_CASE("layers: channels of each") {
  ModelConfig config;
  config.encoder_channels = {8, 16, 24, 32, 40};
  config.context_channels = {48, 56};
  config.context_kernels = {3, 3};
  CHECK(layer_channels(config, LayerId::encoder(1)) == 16);
  CHECK(layer_channels(config, LayerId::z()) == 40);
  CHECK(layer_channels(config, LayerId::context(0)) == 48);
  CHECK(layer_channels(config, LayerId::c()) == 56);
}
