// The file's structure, read back with ONNX's own messages. That its numbers are right is shown by running
// it: tests/consumers/onnx_runtime_test.cc.

#include "wav2vec/io/onnx_model.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <onnx/onnx_pb.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <set>

#include "support/model_files.h"
#include "support/temporary_folder.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/file.h"
#include "wav2vec/extract/feature_extractor.h"
#include "wav2vec/io/onnx_summary.h"

using namespace wav2vec;
namespace fs = std::filesystem;
using namespace std::string_literals;

namespace {

constexpr uint64_t kPlenty = uint64_t{1} << 24;

size_t address_space_bytes() {
  size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * static_cast<size_t>(::sysconf(_SC_PAGESIZE));
}

ModelConfig small_config() {
  ModelConfig config;
  config.encoder_channels = {6, 6, 8};
  config.encoder_kernels = {10, 8, 4};
  config.encoder_strides = {5, 4, 2};
  config.encoder_skip = true;
  config.context_channels = {8, 12};
  config.context_kernels = {3, 2};
  config.context_skip = true;
  config.log_compression = true;
  config.activation = Activation::gelu;
  return config;
}

onnx::ModelProto read_onnx(const fs::path& path) {
  onnx::ModelProto model;
  REQUIRE(model.ParseFromString(read_file(path, kPlenty)));
  return model;
}

std::string shape_of(const onnx::ValueInfoProto& value) {
  std::string text;
  for (const auto& dimension : value.type().tensor_type().shape().dim())
    text += fmt::format(
        "{} ", dimension.has_dim_param() ? dimension.dim_param() : std::to_string(dimension.dim_value()));
  return text;
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("onnx: inputs, outputs, opset and what readers of frames.json know") {
  const TemporaryFolder folder;
  test::Network network(small_config(), {});
  const test::CheckpointTensors saved(network);
  const fs::path file = folder.path() / "model.safetensors";
  const fs::path path = folder.path() / "model.onnx";
  write_model_file(
      file,
      {.model = small_config(), .objective = {}, .sample_rate_hz = 8000, .normalize = true, .update = 7},
      saved.tensors);
  ModelFile opened = ModelFile::open(file);
  write_onnx_model(path, opened);

  const onnx::ModelProto model = read_onnx(path);
  CHECK(model.ir_version() == 7);
  REQUIRE(model.opset_import_size() == 1);
  CHECK(model.opset_import(0).version() == 13);
  REQUIRE(model.graph().input_size() == 1);
  CHECK(model.graph().input(0).name() == "waveform");
  CHECK(shape_of(model.graph().input(0)) == "batch samples ");
  REQUIRE(model.graph().output_size() == 2);
  CHECK(model.graph().output(0).name() == "z");
  CHECK(shape_of(model.graph().output(0)) == "batch frames 8 ");
  CHECK(model.graph().output(1).name() == "c");
  CHECK(shape_of(model.graph().output(1)) == "batch frames 12 ");

  std::map<std::string, std::string> metadata;
  for (const auto& entry : model.metadata_props()) metadata[entry.key()] = entry.value();
  const FrameGeometry geometry = encoder_geometry(small_config());
  CHECK(metadata.at("sample_rate_hz") == "8000");
  CHECK(metadata.at("hop_samples") == "40");
  CHECK(metadata.at("receptive_field_samples") == std::to_string(geometry.receptive_field_samples));
  CHECK(std::stod(metadata.at("first_frame_center_seconds")) == geometry.center_sample_of(0) / 8000.0);
  CHECK(metadata.at("normalize") == "1");
  CHECK(metadata.at("update") == "7");
  CHECK(metadata.at("model_hash") == FeatureExtractor(file).model_hash());
  CHECK(metadata.at("recipe").find("log_compression = true") != std::string::npos);
}

TEST_CASE("onnx: parameters are initialisers under fairseq's names, bit for bit") {
  const TemporaryFolder folder;
  test::Network network(small_config(), {});
  const test::CheckpointTensors saved(network);
  const fs::path path = folder.path() / "model.onnx";
  write_onnx_model(path, {.model = small_config(), .objective = {}}, saved.tensors);

  const onnx::ModelProto model = read_onnx(path);
  std::map<std::string, const onnx::TensorProto*> there;
  for (const auto& tensor : model.graph().initializer()) there[tensor.name()] = &tensor;
  int64_t found = 0;
  for (const TensorToWrite& tensor : saved.tensors) {
    CAPTURE(tensor.name);
    // The prediction head is no part of the features.
    const bool in_graph = !tensor.name.starts_with("wav2vec_predictions.");
    REQUIRE(there.contains(tensor.name) == in_graph);
    if (!in_graph) continue;
    ++found;
    const onnx::TensorProto& written = *there[tensor.name];
    CHECK(std::vector<int64_t>(written.dims().begin(), written.dims().end()) == tensor.shape);
    CHECK(written.data_type() == onnx::TensorProto::FLOAT);
    CHECK(written.raw_data() ==
          std::string_view(reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size()));
  }
  CHECK(found == 3 * 3 + 2 * 4 + 1);
}

TEST_CASE("onnx: every tensor has one source, made before it is read, and every source a reader") {
  const TemporaryFolder folder;
  test::Network network(small_config(), {});
  const test::CheckpointTensors saved(network);
  const fs::path path = folder.path() / "model.onnx";
  write_onnx_model(path, {.model = small_config(), .objective = {}, .normalize = true}, saved.tensors);

  const onnx::ModelProto model = read_onnx(path);
  std::set<std::string> made{"waveform"};
  std::set<std::string> read{"z", "c"};
  for (const auto& tensor : model.graph().initializer()) CHECK(made.insert(tensor.name()).second);
  for (const auto& node : model.graph().node()) {
    CAPTURE(node.name());
    for (const std::string& input : node.input()) {
      CHECK_MESSAGE(made.contains(input), input);
      read.insert(input);
    }
    REQUIRE(node.output_size() == 1);
    CHECK(made.insert(node.output(0)).second);
  }
  CHECK(made == read);
}

TEST_CASE("onnx: the bytes depend on the model alone") {
  const TemporaryFolder folder;
  test::Network network(small_config(), {});
  const test::CheckpointTensors saved(network);
  const ModelFileInfo info{.model = small_config(), .objective = {}};
  write_model_file(folder.path() / "m.safetensors", info, saved.tensors);
  ModelFile file = ModelFile::open(folder.path() / "m.safetensors");
  write_onnx_model(folder.path() / "a.onnx", info, saved.tensors);
  write_onnx_model(folder.path() / "b.onnx", file);
  CHECK(read_file(folder.path() / "a.onnx", kPlenty) == read_file(folder.path() / "b.onnx", kPlenty));
}

TEST_CASE("onnx: refuses a parameter that is missing, has another shape or dtype, and leaves no file") {
  const TemporaryFolder folder;
  test::Network network(small_config(), {});
  const fs::path path = folder.path() / "model.onnx";
  const std::string name = "feature_aggregator.residual_proj.1.weight";
  const auto message = [&](const std::function<void(std::vector<TensorToWrite>&, size_t)>& change) {
    test::CheckpointTensors saved(network);
    size_t at = 0;
    while (saved.tensors[at].name != name) ++at;
    change(saved.tensors, at);
    const std::string text = message_of(
        [&] { write_onnx_model(path, {.model = small_config(), .objective = {}}, saved.tensors); });
    CHECK(!fs::exists(path));
    return text;
  };
  CHECK(message([](auto& tensors, size_t at) {
          tensors.erase(tensors.begin() + static_cast<int64_t>(at));
        }) == path.string() + ": no tensor '" + name + "', which the network needs; use another model");
  CHECK(message([](auto& tensors, size_t at) {
          tensors[at].shape = {8, 12, 1};
        }).find("is F32 [8, 12, 1], the network needs F32 [12, 8, 1]") != std::string::npos);
  CHECK(message([](auto& tensors, size_t at) { tensors[at].dtype = "F64"; }).find("is F64 [12, 8, 1]") !=
        std::string::npos);
}

TEST_CASE("onnx: refuses a network above 2 GiB before it reads a value") {
  const TemporaryFolder folder;
  ModelConfig config;
  config.context_channels = {16384, 16384};
  config.context_kernels = {1, 3};
  const fs::path path = folder.path() / "model.onnx";
  const std::string text =
      message_of([&] { write_onnx_model(path, {.model = config, .objective = {}}, {}); });
  CHECK(text.find("ONNX files end at 2048 MiB") != std::string::npos);
  CHECK(!fs::exists(path));
}

TEST_CASE("onnx: the summary says what was written, a file that ends early or is something else is refused") {
  const TemporaryFolder folder;
  test::Network network(small_config(), {});
  const test::CheckpointTensors saved(network);
  const fs::path path = folder.path() / "model.onnx";
  write_onnx_model(path, {.model = small_config(), .objective = {}}, saved.tensors);
  const OnnxSummary summary = summarize_onnx(path);
  CHECK(summary.opset == 13);
  CHECK(summary.ir_version == 7);
  REQUIRE(summary.inputs.size() == 1);
  CHECK(summary.inputs[0].name == "waveform");
  CHECK(summary.inputs[0].shape == std::vector<std::string>{"batch", "samples"});
  REQUIRE(summary.outputs.size() == 2);
  CHECK(summary.outputs[1].shape == std::vector<std::string>{"batch", "frames", "12"});
  CHECK(summary.metadata.at("hop_samples") == "40");
  const std::string good = read_file(path, kPlenty);
  for (const std::string& bad : {std::string(), good.substr(0, 20), good.substr(0, good.size() / 2),
                                 good.substr(0, good.size() - 1), std::string(1000, 'x')}) {
    write_file(path, bad);
    CHECK_THROWS_AS(summarize_onnx(path), FormatError);
  }
}

TEST_CASE("onnx: a summary takes no memory for what it only counts, and little for the rest") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "model.onnx";
  onnx::ModelProto model;
  model.set_ir_version(7);
  model.add_opset_import()->set_version(13);
  model.mutable_graph()->add_output()->set_name("z");
  std::string bytes = model.SerializeAsString();
  const auto graph_of = [](std::string_view field, size_t count) {
    std::string graph;
    for (size_t i = 0; i < count; ++i) graph += field;
    std::string length;
    for (size_t n = graph.size(); n > 0 || length.empty(); n >>= 7)
      length += static_cast<char>((n & 0x7F) | (n >= 0x80 ? 0x80 : 0));
    return "\x3a" + length + graph;
  };
  constexpr size_t kNodes = 5'000'000;
  write_file(path, bytes + graph_of(std::string_view("\x0a\0", 2), kNodes));
  rlimit before{};
  ::getrlimit(RLIMIT_AS, &before);
  rlimit tight = before;
  tight.rlim_cur = address_space_bytes() + (size_t{64} << 20);  // as messages they would be 700 MB
  ::setrlimit(RLIMIT_AS, &tight);
  const int64_t nodes = summarize_onnx(path).nodes;
  ::setrlimit(RLIMIT_AS, &before);
  CHECK(nodes == kNodes);
  for (const std::string_view field : {std::string_view("\x62\0", 2), std::string_view("\x5a\0", 2)}) {
    write_file(path, bytes + graph_of(field, 2'000'000));  // outputs, inputs
    CHECK_THROWS_AS(summarize_onnx(path), FormatError);
  }
  for (const std::string& bad : {"\x3b"s, "\x3a"s, "\x3a\x05\x0a"s, "\x02"s, std::string(11, '\xff')}) {
    write_file(path, bytes + bad);
    CHECK_THROWS_AS(summarize_onnx(path), FormatError);
  }
}
