#include "wav2vec/io/state_dict.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "io/shown.h"
#include "wav2vec/config/model_presets.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"

namespace wav2vec {
namespace {

constexpr std::string_view kHead = "wav2vec_predictions.";
constexpr size_t kMaxLayers = 64;

std::string encoder_key(size_t layer, std::string_view part) {
  return fmt::format("feature_extractor.conv_layers.{}.{}", layer, part);
}
std::string context_key(size_t layer, std::string_view part) {
  return fmt::format("feature_aggregator.conv_layers.{}.{}", layer, part);
}

using Shapes = std::map<std::string, std::vector<int64_t>, std::less<>>;

Shapes shapes_of(std::span<const TensorEntry> tensors) {
  Shapes shapes;
  for (const TensorEntry& tensor : tensors) shapes.emplace(tensor.name, tensor.shape);
  return shapes;
}

/// The parts of wav2vec's descendants that this program has none of.
void refuse_other_networks(const Shapes& shapes) {
  constexpr std::pair<std::string_view, std::string_view> kParts[] = {
      {"vector_quantizer.", "vq-wav2vec (a vector quantiser)"},
      {"project_features.", "wav2vec with project_features"},
      {"feature_aggregator.1.weight_", "wav2vec with a GRU aggregator (aggregator = gru)"},
      {"encoder.", "wav2vec 2.0 or another transformer"},
      {"w2v_encoder.", "a fine-tuned wav2vec 2.0"},
  };
  for (const auto& [prefix, network] : kParts) {
    const auto found = shapes.lower_bound(prefix);
    if (found != shapes.end() && found->first.starts_with(prefix))
      throw FormatError(
          fmt::format("tensor '{}' belongs to {}, which is not supported; use a checkpoint of "
                      "wav2vec 1.0",
                      shown(found->first), network));
  }
}

/// Channels and kernels of the layers "<prefix>0.<part>", "<prefix>1.<part>" …
struct LayerShapes {
  std::vector<int64_t> channels;
  std::vector<int64_t> kernels;
};

template <class Key>
LayerShapes layer_shapes(const Shapes& shapes, Key key, std::string_view part) {
  LayerShapes layers;
  for (size_t i = 0; i < kMaxLayers; ++i) {
    const auto found = shapes.find(key(i, part));
    if (found == shapes.end()) break;
    if (found->second.size() != 3)
      throw FormatError(fmt::format("tensor '{}' has shape [{}], expected three sizes", shown(found->first),
                                    fmt::join(found->second, ", ")));
    layers.channels.push_back(found->second[0]);
    layers.kernels.push_back(found->second[2]);
  }
  return layers;
}

}  // namespace

std::vector<StateDictEntry> state_dict_of(const ModelConfig& model, const ObjectiveConfig& objective) {
  std::vector<StateDictEntry> entries;
  const auto add_norm = [&](const std::string& prefix, int64_t channels) {
    if (!model.norm_affine) return;
    entries.push_back({prefix + "weight", {channels}});
    entries.push_back({prefix + "bias", {channels}});
  };
  int64_t in = 1;
  for (size_t i = 0; i < model.encoder_channels.size(); ++i) {
    const int64_t out = model.encoder_channels[i];
    entries.push_back({encoder_key(i, "0.weight"), {out, in, model.encoder_kernels[i]}});
    add_norm(encoder_key(i, "2."), out);
    in = out;
  }
  const int64_t encoder_out = in;
  std::vector<StateDictEntry> projections;
  for (size_t i = 0; i < model.context_channels.size(); ++i) {
    const int64_t out = model.context_channels[i];
    entries.push_back({context_key(i, "1.weight"), {out, in, model.context_kernels[i]}});
    if (model.context_bias) entries.push_back({context_key(i, "1.bias"), {out}});
    add_norm(context_key(i, "3."), out);
    if (model.context_skip && in != out)
      projections.push_back({fmt::format("feature_aggregator.residual_proj.{}.weight", i), {out, in, 1}});
    in = out;
  }
  entries.insert(entries.end(), projections.begin(), projections.end());
  entries.push_back(
      {"wav2vec_predictions.project_to_steps.weight", {in, encoder_out, 1, objective.prediction_steps}});
  entries.push_back({"wav2vec_predictions.project_to_steps.bias", {encoder_out}});
  return entries;
}

void check_state_dict(const ModelFileInfo& info, std::span<const TensorEntry> tensors) {
  const Shapes shapes = shapes_of(tensors);
  refuse_other_networks(shapes);
  const bool has_head =
      shapes.lower_bound(kHead) != shapes.end() && shapes.lower_bound(kHead)->first.starts_with(kHead);
  std::set<std::string, std::less<>> known;
  for (const StateDictEntry& entry : state_dict_of(info.model, info.objective)) {
    known.insert(entry.name);
    const auto found = shapes.find(entry.name);
    if (found == shapes.end()) {
      if (!has_head && entry.name.starts_with(kHead)) continue;
      throw FormatError(fmt::format("no tensor '{}', which its options ask for", entry.name));
    }
    if (found->second != entry.shape)
      throw FormatError(fmt::format("tensor '{}' has shape [{}], its options ask for [{}]", entry.name,
                                    fmt::join(found->second, ", "), fmt::join(entry.shape, ", ")));
  }
  std::vector<std::string> unknown;
  for (const auto& [name, shape] : shapes) {
    if (!known.contains(name)) unknown.push_back(fmt::format("'{}'", shown(name)));
  }
  constexpr size_t kShown = 5;
  if (!unknown.empty())
    throw FormatError(fmt::format(
        "{} tensors that its options do not explain: {}{}", unknown.size(),
        fmt::join(unknown.begin(),
                  unknown.begin() + static_cast<std::ptrdiff_t>(std::min(kShown, unknown.size())), ", "),
        unknown.size() > kShown ? ", …" : ""));
}

ModelFileInfo infer_model(std::span<const TensorEntry> tensors) {
  const Shapes shapes = shapes_of(tensors);
  refuse_other_networks(shapes);
  const LayerShapes encoder = layer_shapes(shapes, encoder_key, "0.weight");
  const LayerShapes context = layer_shapes(shapes, context_key, "1.weight");
  if (encoder.kernels.empty())
    throw FormatError(
        fmt::format("no tensor '{}'; expected a network of wav2vec 1.0", encoder_key(0, "0.weight")));
  for (const ModelPreset preset : {ModelPreset::base, ModelPreset::large}) {
    ModelFileInfo info;
    info.model = model_preset(preset);
    if (encoder.kernels != info.model.encoder_kernels || context.kernels != info.model.context_kernels)
      continue;
    info.model.encoder_channels = encoder.channels;
    info.model.context_channels = context.channels;
    info.model.context_bias = shapes.contains(context_key(0, "1.bias"));
    info.model.norm_affine = shapes.contains(encoder_key(0, "2.weight"));
    const auto head = shapes.find("wav2vec_predictions.project_to_steps.weight");
    if (head != shapes.end() && head->second.size() == 4) info.objective.prediction_steps = head->second[3];
    return info;
  }
  throw FormatError(fmt::format(
      "no configuration, and its kernels (encoder [{}], context [{}]) are not those of the published "
      "networks: strides, skip connections and log compression are missing; convert the checkpoint "
      "that it was made from",
      fmt::join(encoder.kernels, ", "), fmt::join(context.kernels, ", ")));
}

}  // namespace wav2vec
