#pragma once
// An ONNX model, built node by node. Only its .cc knows the library of ONNX's messages.

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace wav2vec {

class OnnxGraph {
 public:
  using Attribute = std::pair<const char*, std::variant<int64_t, std::vector<int64_t>, std::string>>;
  /// A fixed extent, or the name of one that differs from run to run.
  using Extent = std::variant<int64_t, std::string>;

  OnnxGraph(const std::string& name, const std::string& doc);

  /// f32 tensors that come in and go out.
  void add_input(const std::string& name, const std::vector<Extent>& shape, const std::string& doc);
  void add_output(const std::string& name, const std::vector<Extent>& shape, const std::string& doc);

  /// Adds a node and returns the name of its only output, which is the node's.
  std::string node(const std::string& type, const std::string& name, const std::vector<std::string>& inputs,
                   const std::vector<Attribute>& attributes = {});

  /// Constants; each returns its name. One that is there already is not added again.
  std::string parameter(const std::string& name, const std::vector<int64_t>& shape, std::string f32_bytes);
  std::string scalar(const std::string& name, float value);
  std::string integers(const std::string& name, const std::vector<int64_t>& values);

  void add_metadata(const std::string& key, const std::string& value);

  /// The bytes of every parameter, by name.
  std::map<std::string, std::string_view> parameters() const;

  /// The file's content.
  std::string serialized() const { return model_.SerializeAsString(); }

 private:
  onnx::TensorProto* new_initializer(const std::string& name, const std::vector<int64_t>& shape,
                                     int32_t type);

  onnx::ModelProto model_;
};

}  // namespace wav2vec
