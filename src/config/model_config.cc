#include "wav2vec/config/model_config.h"

#include <fmt/format.h>

namespace wav2vec {
namespace {

constexpr int64_t kMaxLayers = 64;
constexpr int64_t kMaxChannels = 65536;
constexpr int64_t kMaxKernel = 1024;

void check_layer_list(std::string_view key, const std::vector<int64_t>& values, size_t count, int64_t most) {
  if (values.size() != count)
    fail_field("model", key, fmt::format("{} values, expected {}: one per layer", values.size(), count));
  for (int64_t value : values) {
    if (value < 1 || value > most)
      fail_field("model", key, fmt::format("{} is not within 1..{}", value, most));
  }
}

// An hour at 16 kHz in one frame: everything beyond is a mistake, and soon no 64-bit number.
void check_geometry(const std::vector<int64_t>& kernels, const std::vector<int64_t>& strides) {
  constexpr int64_t kMaxFrameSamples = 3600 * 16000;
  int64_t hop = 1;
  int64_t receptive_field = 1;
  for (size_t i = 0; i < kernels.size(); ++i) {
    receptive_field += (kernels[i] - 1) * hop;
    hop *= strides[i];
    if (receptive_field > kMaxFrameSamples || hop > kMaxFrameSamples)
      fail_field("model", "encoder_strides",
                 fmt::format("one frame of layer {} covers more than {} samples; lower kernels or strides", i,
                             kMaxFrameSamples));
  }
}

void check_probability(std::string_view key, double value) {
  if (!(value >= 0.0 && value < 1.0)) fail_field("model", key, fmt::format("{} is not within [0, 1)", value));
}

}  // namespace

void ModelConfig::visit(FieldVisitor& v) {
  v.field("encoder_channels", encoder_channels, "channels of each encoder layer");
  v.field("encoder_kernels", encoder_kernels, "kernel of each encoder layer");
  v.field("encoder_strides", encoder_strides, "stride of each encoder layer; their product is the hop");
  v.field("encoder_skip", encoder_skip, "skip connections around encoder layers of equal width");
  v.field("context_channels", context_channels, "channels of each context layer");
  v.field("context_kernels", context_kernels, "kernel of each context layer (stride 1, causal)");
  v.field("context_skip", context_skip, "skip connections around context layers");
  v.field("residual_scale", residual_scale, "a skip connection computes (x + r) * sqrt(residual_scale)");
  v.field("log_compression", log_compression, "z becomes ln(|z| + 1)");
  v.choice("context_padding", context_padding, kContextPaddingNames,
           "what stands left of frame 0 in the context network");
  v.field("context_bias", context_bias, "bias in the context convolutions");
  v.field("norm_affine", norm_affine, "scale and shift per channel in every group norm");
  v.choice("activation", activation, kActivationNames, "activation after every group norm");
  v.field("dropout", dropout, "dropout in the context blocks and after the step projections");
  v.field("dropout_features", dropout_features, "dropout on z where it enters the context network");
  v.field("dropout_context", dropout_context, "dropout on c");
}

void ModelConfig::validate() const {
  const size_t encoder_layers = encoder_channels.size();
  if (encoder_layers < 1 || encoder_layers > kMaxLayers)
    fail_field("model", "encoder_channels",
               fmt::format("{} layers, expected 1..{}", encoder_layers, kMaxLayers));
  check_layer_list("encoder_channels", encoder_channels, encoder_layers, kMaxChannels);
  check_layer_list("encoder_kernels", encoder_kernels, encoder_layers, kMaxKernel);
  check_layer_list("encoder_strides", encoder_strides, encoder_layers, kMaxKernel);
  const size_t context_layers = context_channels.size();
  if (context_layers < 1 || context_layers > kMaxLayers)
    fail_field("model", "context_channels",
               fmt::format("{} layers, expected 1..{}", context_layers, kMaxLayers));
  check_layer_list("context_channels", context_channels, context_layers, kMaxChannels);
  check_layer_list("context_kernels", context_kernels, context_layers, kMaxKernel);
  check_geometry(encoder_kernels, encoder_strides);
  if (!(residual_scale > 0.0 && residual_scale <= 1.0))
    fail_field("model", "residual_scale", fmt::format("{} is not within (0, 1]", residual_scale));
  check_probability("dropout", dropout);
  check_probability("dropout_features", dropout_features);
  check_probability("dropout_context", dropout_context);
}

int64_t FrameGeometry::frames_for(int64_t samples) const {
  return samples < receptive_field_samples ? 0 : (samples - receptive_field_samples) / hop_samples + 1;
}

int64_t FrameGeometry::samples_for(int64_t frames) const {
  return frames <= 0 ? 0 : (frames - 1) * hop_samples + receptive_field_samples;
}

FrameGeometry encoder_geometry(const ModelConfig& config) {
  FrameGeometry g;
  for (size_t i = 0; i < config.encoder_kernels.size(); ++i) {
    g.receptive_field_samples += (config.encoder_kernels[i] - 1) * g.hop_samples;
    g.hop_samples *= config.encoder_strides[i];
  }
  return g;
}

int64_t context_frames(const ModelConfig& config) {
  int64_t frames = 1;
  for (int64_t kernel : config.context_kernels) frames += kernel - 1;
  return frames;
}

}  // namespace wav2vec
