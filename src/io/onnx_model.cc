#include "wav2vec/io/onnx_model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "io/onnx_graph.h"
#include "wav2vec/config/pretrain_recipe.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"
#include "wav2vec/core/hash.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;

/// The values of a parameter as little-endian f32, in PyTorch's order.
using ParameterSource =
    std::function<std::string(const std::string& name, const std::vector<int64_t>& shape)>;

uint64_t bytes_of(const std::vector<int64_t>& shape) {
  uint64_t bytes = sizeof(float);
  for (int64_t extent : shape) bytes *= static_cast<uint64_t>(extent);
  return bytes;
}

/// Writes waveform -> z -> c into a graph. Inside, everything is [batch, channels, frames], as Conv wants it.
/// What a function takes and returns are names of tensors; `scope` begins the names of what it adds.
class NetworkWriter {
 public:
  NetworkWriter(const ModelFileInfo& info, const ParameterSource& source, OnnxGraph& graph)
      : config_(info.model), normalize_(info.normalize), source_(source), graph_(graph) {}

  void write() {
    std::string x =
        graph_.node("Unsqueeze", "waveform_channel", {"waveform", graph_.integers("axis_1", {1})});
    if (normalize_) x = normalized_waveform(x);
    const std::string z = encoder(x);
    const std::vector<int64_t> channels_last{0, 2, 1};
    graph_.node("Transpose", "z", {z}, {{"perm", channels_last}});
    graph_.node("Transpose", "c", {context(z)}, {{"perm", channels_last}});
  }

 private:
  std::string parameter(const std::string& name, const std::vector<int64_t>& shape) {
    return graph_.parameter(name, shape, source_(name, shape));
  }

  // [C] as [C, 1], which broadcasts over frames.
  std::string per_channel(const std::string& name, int64_t channels) {
    return graph_.node("Unsqueeze", name + ".column",
                       {parameter(name, {channels}), graph_.integers("axis_1", {1})});
  }

  // One axis after the other. Runtimes add up f32 in f32: over both at once, or by InstanceNormalization on a
  // reshaped tensor, ONNX Runtime's normalised values of 10 s of audio are off by 1e-3 and of 60 s by 2e-2.
  std::string mean(const std::string& scope, std::string x, const std::vector<int64_t>& axes) {
    for (int64_t axis : axes)
      x = graph_.node("ReduceMean", fmt::format("{}.mean_{}", scope, axis), {x},
                      {{"axes", std::vector<int64_t>{axis}}, {"keepdims", int64_t{1}}});
    return x;
  }

  struct Moments {
    std::string centered;   ///< x − μ
    std::string deviation;  ///< √(σ² + eps)
  };
  Moments moments(const std::string& scope, const std::string& x, const std::vector<int64_t>& axes) {
    const std::string centered = graph_.node("Sub", scope + ".centered", {x, mean(scope, x, axes)});
    const std::string squares = graph_.node("Mul", scope + ".squares", {centered, centered});
    const std::string variance = graph_.node(
        "Add", scope + ".variance", {mean(scope + ".squares", squares, axes), graph_.scalar("eps", 1e-5F)});
    return {centered, graph_.node("Sqrt", scope + ".deviation", {variance})};
  }

  std::string normalized_waveform(const std::string& x) {
    const Moments m = moments("waveform", x, {2});
    return graph_.node("Div", "waveform_normalized", {m.centered, m.deviation});
  }

  std::string group_norm(const std::string& scope, const std::string& x, int64_t channels) {
    const Moments m = moments(scope, x, {2, 1});
    if (!config_.norm_affine) return graph_.node("Div", scope, {m.centered, m.deviation});
    const std::string scale =
        graph_.node("Div", scope + ".scale", {per_channel(scope + ".weight", channels), m.deviation});
    const std::string scaled = graph_.node("Mul", scope + ".scaled", {m.centered, scale});
    return graph_.node("Add", scope, {scaled, per_channel(scope + ".bias", channels)});
  }

  std::string activation(const std::string& scope, const std::string& x) {
    if (config_.activation == Activation::relu) return graph_.node("Relu", scope + ".relu", {x});
    // x·(1 + erf(x/√2))/2; Gelu itself came with opset 20.
    const std::string root = graph_.scalar("sqrt_2", static_cast<float>(std::sqrt(2.0)));
    const std::string inner = graph_.node("Div", scope + ".gelu_argument", {x, root});
    const std::string erf = graph_.node("Erf", scope + ".gelu_erf", {inner});
    const std::string sum = graph_.node("Add", scope + ".gelu_sum", {erf, graph_.scalar("one", 1.0F)});
    const std::string product = graph_.node("Mul", scope + ".gelu_product", {x, sum});
    return graph_.node("Mul", scope + ".gelu", {product, graph_.scalar("half", 0.5F)});
  }

  std::string add_skip(const std::string& scope, const std::string& y, const std::string& residual) {
    const std::string sum = graph_.node("Add", scope + ".skip_sum", {y, residual});
    const std::string scale =
        graph_.scalar("sqrt_residual_scale", static_cast<float>(std::sqrt(config_.residual_scale)));
    return graph_.node("Mul", scope + ".skip", {sum, scale});
  }

  std::string length(const std::string& scope, const std::string& x) {
    const std::string shape = graph_.node("Shape", scope + ".shape", {x});
    return graph_.node("Gather", scope + ".length", {shape, graph_.integers("axis_2", {2})});
  }

  // x[0, f, 2f …] cut to y's length, where f = ⌊x's length / y's⌋ (nn/residual.h). f is more than the stride
  // in short input, hence computed in the graph.
  std::string subsampled(const std::string& scope, const std::string& x, const std::string& y) {
    const std::string frames = length(scope + ".output", y);
    const std::string factor = graph_.node("Div", scope + ".factor", {length(scope + ".input", x), frames});
    const std::string start = graph_.integers("start", {0});
    const std::string end = graph_.integers("end", {std::numeric_limits<int64_t>::max()});
    const std::string axis = graph_.integers("axis_2", {2});
    const std::string strided = graph_.node("Slice", scope + ".strided", {x, start, end, axis, factor});
    return graph_.node("Slice", scope + ".residual", {strided, start, frames, axis});
  }

  std::string encoder(std::string x) {
    int64_t in_channels = 1;
    for (size_t i = 0; i < config_.encoder_channels.size(); ++i) {
      const std::string scope = fmt::format("feature_extractor.conv_layers.{}", i);
      const int64_t channels = config_.encoder_channels[i];
      const int64_t kernel = config_.encoder_kernels[i];
      const std::string weight = parameter(scope + ".0.weight", {channels, in_channels, kernel});
      const std::string sums = graph_.node("Conv", scope + ".0", {x, weight},
                                           {{"kernel_shape", std::vector<int64_t>{kernel}},
                                            {"strides", std::vector<int64_t>{config_.encoder_strides[i]}}});
      std::string y = activation(scope, group_norm(scope + ".2", sums, channels));
      if (config_.encoder_skip && channels == in_channels) y = add_skip(scope, y, subsampled(scope, x, y));
      x = y;
      in_channels = channels;
    }
    if (!config_.log_compression) return x;
    const std::string magnitude = graph_.node("Abs", "feature_extractor.abs", {x});
    const std::string sum =
        graph_.node("Add", "feature_extractor.abs_plus_one", {magnitude, graph_.scalar("one", 1.0F)});
    return graph_.node("Log", "feature_extractor.log", {sum});
  }

  // kernel − 1 frames on the left, none on the right.
  std::string causal_conv(const std::string& scope, std::string x, int64_t kernel,
                          std::vector<std::string> inputs) {
    std::vector<int64_t> pads{0, 0};
    if (config_.context_padding == ContextPadding::zero) {
      pads[0] = kernel - 1;
    } else if (kernel > 1) {
      const std::string edges =
          graph_.integers(fmt::format("pad_{}", kernel - 1), {0, 0, kernel - 1, 0, 0, 0});
      x = graph_.node("Pad", scope + ".0", {x, edges}, {{"mode", std::string("edge")}});
    }
    inputs.insert(inputs.begin(), x);
    return graph_.node("Conv", scope + ".1", inputs,
                       {{"kernel_shape", std::vector<int64_t>{kernel}}, {"pads", pads}});
  }

  std::string context(std::string x) {
    int64_t in_channels = config_.encoder_channels.back();
    for (size_t i = 0; i < config_.context_channels.size(); ++i) {
      const std::string scope = fmt::format("feature_aggregator.conv_layers.{}", i);
      const int64_t channels = config_.context_channels[i];
      const int64_t kernel = config_.context_kernels[i];
      std::vector<std::string> weights{parameter(scope + ".1.weight", {channels, in_channels, kernel})};
      if (config_.context_bias) weights.push_back(parameter(scope + ".1.bias", {channels}));
      const std::string sums = causal_conv(scope, x, kernel, weights);
      std::string y = activation(scope, group_norm(scope + ".3", sums, channels));
      if (config_.context_skip) y = add_skip(scope, y, projected(i, x, in_channels, channels));
      x = y;
      in_channels = channels;
    }
    return x;
  }

  // The skip path: the block's input, through a 1×1 convolution where the widths differ.
  std::string projected(size_t i, const std::string& x, int64_t in_channels, int64_t channels) {
    if (channels == in_channels) return x;
    const std::string scope = fmt::format("feature_aggregator.residual_proj.{}", i);
    const std::string weight = parameter(scope + ".weight", {channels, in_channels, 1});
    return graph_.node("Conv", scope, {x, weight}, {{"kernel_shape", std::vector<int64_t>{1}}});
  }

  const ModelConfig& config_;
  bool normalize_;
  const ParameterSource& source_;
  OnnxGraph& graph_;
};

constexpr const char* kDoc =
    "wav2vec 1.0 (Schneider et al. 2019): mono waveform -> frames of encoder (z) and context network (c). "
    "Row t "
    "reads the samples [hop_samples * t, hop_samples * t + receptive_field_samples) and is centred at "
    "first_frame_center_seconds + t * hop_samples / sample_rate_hz; c also reads earlier frames. "
    "Normalisation runs "
    "over every sample given: all waveforms of a batch must have the same length, and a cut piece gives "
    "other rows.";

OnnxGraph network_graph(const ModelFileInfo& info, const ParameterSource& source) {
  OnnxGraph graph("wav2vec", kDoc);
  graph.add_input("waveform", {"batch", "samples"},
                  fmt::format("mono, in [-1, 1), at {} Hz, at least {} samples", info.sample_rate_hz,
                              encoder_geometry(info.model).receptive_field_samples));
  graph.add_output("z", {"batch", "frames", info.model.encoder_channels.back()}, "encoder output");
  graph.add_output("c", {"batch", "frames", info.model.context_channels.back()}, "context network output");
  NetworkWriter(info, source, graph).write();
  return graph;
}

// Protocol buffers end at 2 GiB; the nodes take some of that.
void require_size(const fs::path& path, const ModelFileInfo& info) {
  constexpr uint64_t kMostBytes = (uint64_t{1} << 31) - (uint64_t{1} << 20);
  uint64_t bytes = 0;
  network_graph(info, [&](const std::string&, const std::vector<int64_t>& shape) {
    bytes += bytes_of(shape);
    return std::string();
  });
  if (bytes > kMostBytes)
    throw DataError(
        fmt::format("{}: the network has {} MiB of parameters, ONNX files end at 2048 MiB; write safetensors",
                    printable(path.string()), bytes >> 20));
}

// As the feature extractor's: CRC-32C over names and values, sorted by name.
std::string hash_of(const OnnxGraph& graph) {
  uint32_t crc = 0;
  for (const auto& [name, bytes] : graph.parameters()) {
    crc = crc32c(name.data(), name.size(), crc);
    crc = crc32c(bytes.data(), bytes.size(), crc);
  }
  return fmt::format("crc32c:{:08x}", crc);
}

void add_metadata(const ModelFileInfo& info, OnnxGraph& graph) {
  const FrameGeometry geometry = encoder_geometry(info.model);
  ModelFileInfo copy = info;
  graph.add_metadata("format", "wav2vec-1");
  graph.add_metadata("sample_rate_hz", std::to_string(info.sample_rate_hz));
  graph.add_metadata("hop_samples", std::to_string(geometry.hop_samples));
  graph.add_metadata("receptive_field_samples", std::to_string(geometry.receptive_field_samples));
  graph.add_metadata(
      "first_frame_center_seconds",
      fmt::format("{}", geometry.center_sample_of(0) / static_cast<double>(info.sample_rate_hz)));
  graph.add_metadata("model_hash", hash_of(graph));
  graph.add_metadata("normalize", info.normalize ? "1" : "0");
  graph.add_metadata("update", std::to_string(info.update));
  graph.add_metadata("recipe", format_recipe("", network_sections(copy.model, copy.objective)));
}

void write(const fs::path& path, const ModelFileInfo& info, const ParameterSource& source) {
  require_size(path, info);
  OnnxGraph graph = network_graph(info, source);
  add_metadata(info, graph);
  write_file(path, graph.serialized());
}

}  // namespace

void write_onnx_model(const fs::path& path, const ModelFileInfo& info,
                      std::span<const TensorToWrite> tensors) {
  write(path, info, [&](const std::string& name, const std::vector<int64_t>& shape) {
    const auto found =
        std::find_if(tensors.begin(), tensors.end(), [&](const TensorToWrite& t) { return t.name == name; });
    if (found == tensors.end())
      throw DataError(fmt::format("{}: no tensor '{}', which the network needs; use another model",
                                  printable(path.string()), name));
    if (found->shape != shape || found->dtype != "F32")
      throw DataError(fmt::format("{}: tensor '{}' is {} [{}], the network needs F32 [{}]; use another model",
                                  printable(path.string()), name, found->dtype, fmt::join(found->shape, ", "),
                                  fmt::join(shape, ", ")));
    return std::string(reinterpret_cast<const char*>(found->bytes.data()), found->bytes.size());
  });
}

void write_onnx_model(const fs::path& path, ModelFile& model) {
  write(path, model.info(), [&](const std::string& name, const std::vector<int64_t>& shape) {
    model.require(name, shape);
    std::vector<float> values(bytes_of(shape) / sizeof(float));
    model.read(name, shape, values);
    return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  });
}

}  // namespace wav2vec
