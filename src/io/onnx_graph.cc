#include "io/onnx_graph.h"

#include <algorithm>

namespace wav2vec {
namespace {

constexpr int64_t kIrVersion = 7;  // of ONNX 1.8, which brought opset 13
constexpr int64_t kOpset = 13;

void describe(onnx::ValueInfoProto& value, const std::string& name,
              const std::vector<OnnxGraph::Extent>& shape, const std::string& doc) {
  value.set_name(name);
  value.set_doc_string(doc);
  onnx::TypeProto::Tensor& type = *value.mutable_type()->mutable_tensor_type();
  type.set_elem_type(onnx::TensorProto::FLOAT);
  for (const OnnxGraph::Extent& extent : shape) {
    auto& dimension = *type.mutable_shape()->add_dim();
    if (const auto* number = std::get_if<int64_t>(&extent)) {
      dimension.set_dim_value(*number);
    } else {
      dimension.set_dim_param(std::get<std::string>(extent));
    }
  }
}

struct SetValue {
  onnx::AttributeProto& attribute;

  void operator()(int64_t value) const {
    attribute.set_type(onnx::AttributeProto::INT);
    attribute.set_i(value);
  }
  void operator()(const std::vector<int64_t>& values) const {
    attribute.set_type(onnx::AttributeProto::INTS);
    for (int64_t value : values) attribute.add_ints(value);
  }
  void operator()(const std::string& value) const {
    attribute.set_type(onnx::AttributeProto::STRING);
    attribute.set_s(value);
  }
};

}  // namespace

OnnxGraph::OnnxGraph(const std::string& name, const std::string& doc) {
  model_.set_ir_version(kIrVersion);
  model_.set_producer_name("wav2vec");
  model_.set_doc_string(doc);
  model_.add_opset_import()->set_version(kOpset);
  model_.mutable_graph()->set_name(name);
}

void OnnxGraph::add_input(const std::string& name, const std::vector<Extent>& shape, const std::string& doc) {
  describe(*model_.mutable_graph()->add_input(), name, shape, doc);
}

void OnnxGraph::add_output(const std::string& name, const std::vector<Extent>& shape,
                           const std::string& doc) {
  describe(*model_.mutable_graph()->add_output(), name, shape, doc);
}

std::string OnnxGraph::node(const std::string& type, const std::string& name,
                            const std::vector<std::string>& inputs,
                            const std::vector<Attribute>& attributes) {
  onnx::NodeProto& node = *model_.mutable_graph()->add_node();
  node.set_op_type(type);
  node.set_name(name);
  for (const std::string& input : inputs) node.add_input(input);
  node.add_output(name);
  for (const auto& [key, value] : attributes) {
    onnx::AttributeProto& attribute = *node.add_attribute();
    attribute.set_name(key);
    std::visit(SetValue{attribute}, value);
  }
  return name;
}

// Null when there is one of that name.
onnx::TensorProto* OnnxGraph::new_initializer(const std::string& name, const std::vector<int64_t>& shape,
                                              int32_t type) {
  const auto& there = model_.graph().initializer();
  if (std::any_of(there.begin(), there.end(), [&](const auto& tensor) { return tensor.name() == name; }))
    return nullptr;
  onnx::TensorProto* tensor = model_.mutable_graph()->add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(type);
  for (int64_t extent : shape) tensor->add_dims(extent);
  return tensor;
}

std::string OnnxGraph::parameter(const std::string& name, const std::vector<int64_t>& shape,
                                 std::string f32_bytes) {
  if (onnx::TensorProto* tensor = new_initializer(name, shape, onnx::TensorProto::FLOAT))
    tensor->set_raw_data(std::move(f32_bytes));
  return name;
}

std::string OnnxGraph::scalar(const std::string& name, float value) {
  if (onnx::TensorProto* tensor = new_initializer(name, {}, onnx::TensorProto::FLOAT))
    tensor->add_float_data(value);
  return name;
}

std::string OnnxGraph::integers(const std::string& name, const std::vector<int64_t>& values) {
  if (onnx::TensorProto* tensor =
          new_initializer(name, {static_cast<int64_t>(values.size())}, onnx::TensorProto::INT64)) {
    for (int64_t value : values) tensor->add_int64_data(value);
  }
  return name;
}

void OnnxGraph::add_metadata(const std::string& key, const std::string& value) {
  auto& entry = *model_.add_metadata_props();
  entry.set_key(key);
  entry.set_value(value);
}

std::map<std::string, std::string_view> OnnxGraph::parameters() const {
  std::map<std::string, std::string_view> parameters;
  for (const onnx::TensorProto& tensor : model_.graph().initializer()) {
    if (tensor.has_raw_data()) parameters[tensor.name()] = tensor.raw_data();
  }
  return parameters;
}

}  // namespace wav2vec
