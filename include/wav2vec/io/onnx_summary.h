#pragma once
// What an ONNX file says of itself, whoever wrote it.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace wav2vec {

struct OnnxValue {
  std::string name;
  std::vector<std::string> shape;  ///< numbers, or names of extents that are free
};

struct OnnxSummary {
  int64_t ir_version = 0;
  int64_t opset = 0;  ///< of the standard operators
  std::string producer = {};
  std::vector<OnnxValue> inputs = {};  ///< without parameters
  std::vector<OnnxValue> outputs = {};
  int64_t nodes = 0;
  int64_t initializers = 0;
  std::map<std::string, std::string> metadata = {};  ///< metadata_props
};

/// Throws DataError when it cannot be read, FormatError when it is no ONNX model.
OnnxSummary summarize_onnx(const std::filesystem::path& path);

}  // namespace wav2vec
