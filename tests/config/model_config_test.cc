#include "wav2vec/config/model_config.h"

#include <doctest/doctest.h>

#include <functional>

namespace wav2vec {
namespace {

ModelConfig large() {
  ModelConfig config;
  config.encoder_channels.assign(7, 512);
  config.encoder_kernels = {10, 8, 4, 4, 4, 1, 1};
  config.encoder_strides = {5, 4, 2, 2, 2, 1, 1};
  config.context_channels.assign(12, 512);
  config.context_kernels = {2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13};
  return config;
}

TEST_CASE("the published encoders read 465 samples every 160") {
  for (const ModelConfig& config : {ModelConfig(), large()}) {
    config.validate();
    const FrameGeometry g = encoder_geometry(config);
    CHECK(g.receptive_field_samples == 465);
    CHECK(g.hop_samples == 160);
    CHECK(g.frames_for(16000) == 98);
    CHECK(g.frames_for(10000) == 60);
    CHECK(g.frames_for(150000) == 935);
    CHECK(g.frames_for(464) == 0);
    CHECK(g.frames_for(0) == 0);
    CHECK(g.frames_for(465) == 1);
    CHECK(g.frames_for(624) == 1);
    CHECK(g.frames_for(625) == 2);
    CHECK(g.center_sample_of(0) == 232.0);
    CHECK(g.center_sample_of(10) == 1832.0);
  }
}

TEST_CASE("frames_for and samples_for belong together, and frames_for is the layers' composition") {
  const ModelConfig config;
  const FrameGeometry g = encoder_geometry(config);
  for (int64_t samples = 1; samples < 4000; ++samples) {
    int64_t layered = samples;
    for (size_t i = 0; i < config.encoder_kernels.size() && layered > 0; ++i) {
      layered = layered < config.encoder_kernels[i]
                    ? 0
                    : (layered - config.encoder_kernels[i]) / config.encoder_strides[i] + 1;
    }
    REQUIRE(g.frames_for(samples) == layered);
  }
  for (int64_t frames = 1; frames < 300; ++frames) {
    REQUIRE(g.frames_for(g.samples_for(frames)) == frames);
    REQUIRE(g.frames_for(g.samples_for(frames) - 1) == frames - 1);
  }
  CHECK(g.samples_for(0) == 0);
}

TEST_CASE("context of base and large") {
  CHECK(context_frames(ModelConfig()) == 19);
  CHECK(context_frames(large()) == 79);
  CHECK(encoder_geometry(ModelConfig()).samples_for(context_frames(ModelConfig())) == 3345);
  CHECK(encoder_geometry(large()).samples_for(context_frames(large())) == 12945);
}

TEST_CASE("impossible networks are refused by key") {
  const auto refuses = [](const char* key, const std::function<void(ModelConfig&)>& change) {
    ModelConfig config;
    change(config);
    CAPTURE(key);
    try {
      config.validate();
      FAIL_CHECK("accepted");
    } catch (const ConfigError& error) {
      CHECK(std::string(error.what()).starts_with(std::string("[model] ") + key + ": "));
    }
  };
  refuses("encoder_channels", [](ModelConfig& c) { c.encoder_channels.clear(); });
  refuses("encoder_channels", [](ModelConfig& c) { c.encoder_channels[2] = 0; });
  refuses("encoder_kernels", [](ModelConfig& c) { c.encoder_kernels.pop_back(); });
  refuses("encoder_kernels", [](ModelConfig& c) { c.encoder_kernels[0] = 0; });
  refuses("encoder_strides", [](ModelConfig& c) { c.encoder_strides[0] = 0; });
  refuses("encoder_strides", [](ModelConfig& c) { c.encoder_strides[0] = -5; });
  refuses("context_channels", [](ModelConfig& c) { c.context_channels.clear(); });
  refuses("context_kernels", [](ModelConfig& c) { c.context_kernels.push_back(3); });
  refuses("residual_scale", [](ModelConfig& c) { c.residual_scale = 0.0; });
  refuses("dropout", [](ModelConfig& c) { c.dropout = 1.0; });
  refuses("dropout_features", [](ModelConfig& c) { c.dropout_features = -0.1; });
  refuses("dropout_context", [](ModelConfig& c) { c.dropout_context = 0.0 / 0.0; });
}

}  // namespace
}  // namespace wav2vec
