// Facts of models, ours and those of other programs.

#include "describe.h"
#include "describe_kinds.h"
#include "wav2vec/extract/feature_extractor.h"
#include "wav2vec/io/feature_summary.h"
#include "wav2vec/io/model_file.h"
#include "wav2vec/io/onnx_summary.h"

namespace wav2vec::app {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Json describe_model(const fs::path& path, bool with_tensors) {
  const FeatureExtractor network(path);
  const ModelFileInfo& info = network.info();
  const FrameGeometry g = encoder_geometry(info.model);
  Json tensors = Json::array();
  int64_t parameters = 0;
  const ModelFile file = ModelFile::open(network.model_path());
  for (const TensorEntry& t : file.tensors()) {
    parameters += t.count();
    tensors.push_back({{"name", t.name}, {"dtype", t.dtype}, {"shape", t.shape}});
  }
  Json facts{{"kind", "model"},
             {"file", network.model_path().string()},
             {"format", file.format()},
             {"update", info.update},
             {"parameters", parameters},
             {"hash", network.model_hash()},
             {"sample_rate_hz", info.sample_rate_hz},
             {"hop_samples", g.hop_samples},
             {"receptive_field_samples", g.receptive_field_samples},
             {"context_frames", context_frames(info.model)},
             {"encoder_channels", info.model.encoder_channels},
             {"context_channels", info.model.context_channels},
             {"encoder_kernels", info.model.encoder_kernels},
             {"encoder_strides", info.model.encoder_strides},
             {"context_kernels", info.model.context_kernels},
             {"encoder_skip", info.model.encoder_skip},
             {"context_skip", info.model.context_skip},
             {"log_compression", info.model.log_compression},
             {"context_padding", kContextPaddingNames[static_cast<size_t>(info.model.context_padding)]},
             {"activation", kActivationNames[static_cast<size_t>(info.model.activation)]},
             {"normalize", info.normalize},
             {"prediction_steps", info.objective.prediction_steps},
             {"negatives", info.objective.negatives},
             {"tensor_count", tensors.size()}};
  if (info.head) {
    facts["head"] = {{"tokens", kTokenKindNames[static_cast<size_t>(info.tokens)]},
                     {"fusion", kFusionNames[static_cast<size_t>(info.head->fusion)]},
                     {"sounds", info.head->sounds},
                     {"hidden", info.head->hidden},
                     {"lstm_layers", info.head->lstm_layers}};
  }
  if (!file.unused().empty()) facts["unused"] = file.unused();
  if (with_tensors) facts["tensors"] = std::move(tensors);
  return facts;
}

Json describe_onnx(const fs::path& path) {
  const OnnxSummary summary = summarize_onnx(path);
  Json facts{{"kind", "onnx"},
             {"ir_version", summary.ir_version},
             {"opset", summary.opset},
             {"producer", summary.producer}};
  for (const OnnxValue& value : summary.inputs) facts["inputs"][value.name] = value.shape;
  for (const OnnxValue& value : summary.outputs) facts["outputs"][value.name] = value.shape;
  facts["nodes"] = summary.nodes;
  facts["initializers"] = summary.initializers;
  facts["metadata"] = summary.metadata;
  facts["hash"] = file_hash(path);
  return facts;
}

}  // namespace wav2vec::app
