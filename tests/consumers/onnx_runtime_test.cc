// ONNX files in the hands of others: ONNX Runtime gives our features, and ONNX's checker accepts the file.

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/wait.h>

#include <cstdlib>

#include "support/model_files.h"
#include "support/shell.h"
#include "support/temporary_folder.h"
#include "wav2vec/core/file.h"
#include "wav2vec/extract/feature_extractor.h"
#include "wav2vec/io/npy.h"
#include "wav2vec/io/onnx_model.h"

using namespace wav2vec;
namespace fs = std::filesystem;

namespace {

struct Variant {
  std::string name;
  ModelConfig model;
  bool normalize = false;
};

// Every option of the network in at least one of its values that is not the default.
std::vector<Variant> variants() {
  ModelConfig plain;
  plain.encoder_channels = {8, 8, 12, 8, 8};
  plain.context_channels = {8, 16, 12};
  plain.context_kernels = {3, 2, 5};

  ModelConfig skip = plain;
  // Width 1 lets the first block have a skip connection, too.
  skip.encoder_channels = {1, 1, 8, 8, 8};
  skip.encoder_skip = true;
  skip.context_channels = {8, 16, 16, 12};
  skip.context_kernels = {1, 2, 5, 13};
  skip.context_skip = true;
  skip.residual_scale = 0.3;
  skip.log_compression = true;
  skip.activation = Activation::gelu;

  ModelConfig bare = plain;
  bare.context_padding = ContextPadding::zero;
  bare.norm_affine = false;
  bare.context_bias = false;
  bare.context_skip = true;

  return {{"plain", plain}, {"skip", skip}, {"bare", bare}, {"normalize", plain, true}};
}

// Model, waves and our features of them, as scripts/compare_onnx.cjs reads them.
void write_cases(const Variant& variant, const fs::path& folder) {
  test::Network network(variant.model, {});
  test::randomize_norms(network);
  const test::CheckpointTensors saved(network);
  const fs::path file = folder / "model.safetensors";
  write_model_file(file, {.model = variant.model, .objective = {}, .normalize = variant.normalize},
                   saved.tensors);
  ModelFile opened = ModelFile::open(file);
  write_onnx_model(folder / "model.onnx", opened);

  FeatureExtractor extractor(file);
  const int64_t shortest = encoder_geometry(variant.model).receptive_field_samples;
  uint64_t seed = 0;
  for (const int64_t samples : {shortest, shortest + 1, shortest + 160, int64_t{1999}, int64_t{16000},
                                int64_t{16000}, int64_t{160000}}) {
    const std::string name = fmt::format("{}_{}", samples, ++seed);
    // An offset, so that normalising does something.
    std::vector<float> wave = test::to_float(test::random_values(seed, samples));
    for (float& x : wave) x = 0.3F * x + 0.2F;
    write_file(folder / "waves" / (name + ".f32"),
               {reinterpret_cast<const char*>(wave.data()), wave.size() * sizeof(float)});
    for (const LayerId layer : {LayerId::z(), LayerId::c()}) {
      const Features features = extractor.extract(wave, layer);
      const int64_t shape[2] = {features.frames, features.channels};
      write_npy(folder / layer_name(layer) / (name + ".npy"), features.rows, shape);
    }
  }
}

}  // namespace

TEST_CASE("onnx: ONNX Runtime gives our z and c at every length, alone and in a batch") {
  const char* const runtime = std::getenv("ONNXRUNTIME");
  const TemporaryFolder scratch;
  if (runtime == nullptr ||
      test::run_shell(
          fmt::format(
              "node -e 'require(require.resolve(\"onnxruntime-node\", {{paths: [process.argv[1]]}}))' '{}'",
              runtime),
          scratch.path())
              .exit_code != 0) {
    MESSAGE(
        "SKIPPED, nothing was checked: needs node, and ONNXRUNTIME naming a folder with "
        "node_modules/onnxruntime-node (npm install --ignore-scripts onnxruntime-node)");
    return;
  }
  for (const Variant& variant : variants()) {
    CAPTURE(variant.name);
    const TemporaryFolder folder;
    write_cases(variant, folder.path());
    const test::ShellResult ran =
        test::run_shell(fmt::format("node '{}/scripts/compare_onnx.cjs' '{}' '{}' '{}'", W2V_SOURCE_DIR,
                                    runtime, (folder.path() / "model.onnx").string(), folder.path().string()),
                        folder.path());
    CAPTURE(ran.output);
    CHECK(ran.exit_code == 0);
    CHECK(ran.output.find("16000 samples, batch of 2, 98 frames") != std::string::npos);
  }
}

TEST_CASE("onnx: ONNX's checker and its shape inference accept the file") {
  const TemporaryFolder folder;
  // The distribution's interpreter: another python3 in the path does not see Debian's packages.
  if (test::run_shell("/usr/bin/python3 -c 'import onnx'", folder.path()).exit_code != 0) {
    MESSAGE("SKIPPED, nothing was checked: needs Debian's python3-onnx");
    return;
  }
  write_file(folder.path() / "check.py",
             "import sys, onnx\n"
             "onnx.checker.check_model(sys.argv[1], full_check=True)\n"
             "model = onnx.shape_inference.infer_shapes(onnx.load(sys.argv[1]), strict_mode=True)\n"
             "print([d.dim_value or d.dim_param for o in model.graph.output for d in "
             "o.type.tensor_type.shape.dim])\n");
  for (const Variant& variant : variants()) {
    CAPTURE(variant.name);
    const TemporaryFolder cases;
    test::Network network(variant.model, {});
    const test::CheckpointTensors saved(network);
    const fs::path path = cases.path() / "model.onnx";
    write_onnx_model(path, {.model = variant.model, .objective = {}, .normalize = variant.normalize},
                     saved.tensors);
    const test::ShellResult ran = test::run_shell(
        fmt::format("/usr/bin/python3 '{}' '{}'", (folder.path() / "check.py").string(), path.string()),
        cases.path());
    CHECK(ran.exit_code == 0);
    CHECK(ran.output == "['batch', 'frames', 8, 'batch', 'frames', 12]\n");
  }
}
