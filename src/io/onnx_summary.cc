#include "wav2vec/io/onnx_summary.h"

#include <fmt/format.h>
#include <onnx/onnx_pb.h>

#include <fstream>
#include <set>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/io/random_access_file.h"

namespace wav2vec {
namespace {

OnnxValue value_of(const onnx::ValueInfoProto& proto) {
  OnnxValue value{proto.name(), {}};
  for (const auto& extent : proto.type().tensor_type().shape().dim())
    value.shape.push_back(extent.has_dim_param() ? extent.dim_param() : std::to_string(extent.dim_value()));
  return value;
}

}  // namespace

OnnxSummary summarize_onnx(const std::filesystem::path& path) {
  constexpr uint64_t kMostBytes = uint64_t{1} << 31;  // of a protocol buffer
  const auto fail = [&](std::string_view problem) {
    throw FormatError(
        fmt::format("{}: not a usable ONNX file: {}; write it again", printable(path.string()), problem));
  };
  if (RandomAccessFile::open(path).size() >= kMostBytes) fail("2 GiB or more");
  std::ifstream file(path, std::ios::binary);
  onnx::ModelProto model;
  if (!model.ParseFromIstream(&file)) fail("damaged or truncated");
  if (model.ir_version() < 1 || model.opset_import().empty() || model.graph().output().empty())
    fail("no graph with outputs in it");
  OnnxSummary summary{.ir_version = model.ir_version(), .producer = model.producer_name()};
  for (const auto& set : model.opset_import())
    if (set.domain().empty() || set.domain() == "ai.onnx") summary.opset = set.version();
  std::set<std::string_view> parameters;
  for (const auto& tensor : model.graph().initializer()) parameters.insert(tensor.name());
  for (const auto& input : model.graph().input())
    if (!parameters.contains(input.name())) summary.inputs.push_back(value_of(input));
  for (const auto& output : model.graph().output()) summary.outputs.push_back(value_of(output));
  summary.nodes = model.graph().node_size();
  summary.initializers = model.graph().initializer_size();
  for (const auto& entry : model.metadata_props()) summary.metadata[entry.key()] = entry.value();
  return summary;
}

}  // namespace wav2vec
