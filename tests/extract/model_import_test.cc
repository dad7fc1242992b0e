// Checkpoints of other programs through the whole program: features, conversions, refusals.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

#include "support/command.h"
#include "support/golden.h"
#include "support/temporary_folder.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/file.h"
#include "wav2vec/extract/feature_extractor.h"
#include "wav2vec/io/model_export.h"
#include "wav2vec/io/state_dict.h"
#include "wav2vec/model/pretraining_network.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;

const fs::path kCheckpoints = fs::path(W2V_TEST_DATA) / "checkpoints";

/// max|a − ref| / max|ref| of item 0 of the golden vectors; they are [batch, channels, frames].
double distance(FeatureExtractor& extractor, const test::Golden& golden, LayerId layer) {
  const std::vector<float> audio = golden.audio();
  const Features features =
      extractor.extract(std::span(audio).first(static_cast<size_t>(golden.samples)), layer);
  const std::vector<double> truth = golden.read(layer == LayerId::z() ? "z" : "c");
  double worst = 0.0;
  double largest = 0.0;
  for (int64_t t = 0; t < features.frames; ++t) {
    for (int64_t c = 0; c < features.channels; ++c) {
      const double expected = truth[static_cast<size_t>(c * features.frames + t)];
      const double actual = features.rows[static_cast<size_t>(t * features.channels + c)];
      worst = std::max(worst, std::fabs(actual - expected));
      largest = std::max(largest, std::fabs(expected));
    }
  }
  return worst / largest;
}

void check_features(const fs::path& model, double limit) {
  const test::Golden golden = test::load_golden(fs::path(W2V_TEST_DATA) / "golden" / "tiny");
  FeatureExtractor extractor(model);
  CHECK(extractor.extract(golden.audio(), LayerId::z()).channels == 16);
  CHECK(distance(extractor, golden, LayerId::z()) < limit);
  CHECK(distance(extractor, golden, LayerId::c()) < limit);
}

TEST_CASE("checkpoints of every layout give the reference's z and c, also when converted") {
  const TemporaryFolder folder;
  for (const char* name : {"tiny_2019_fp32_legacy.pt", "tiny_2019_fp32_zip.pt", "tiny_hydra_fp32_zip.pt",
                           "tiny_s3prl_converted_zip.pt", "tiny_2019_fp16_cuda_legacy.pt"}) {
    INFO(name);
    const bool half = std::string_view(name).find("fp16") != std::string_view::npos;
    const double limit = half ? 5e-3 : 1e-5;
    check_features(kCheckpoints / name, limit);
    const FeatureExtractor original(kCheckpoints / name);
    for (const char* out : {"x.safetensors", "x.pt"}) {
      const fs::path path = folder.path() / out;
      const ExportDtype dtype = half ? ExportDtype::f16 : ExportDtype::f32;
      ModelFile model = ModelFile::open(kCheckpoints / name);
      (path.extension() == ".pt" ? export_torch : export_safetensors)(model, path, dtype);
      CHECK(FeatureExtractor(path).model_hash() == original.model_hash());
      check_features(path, limit);
    }
  }
}

TEST_CASE("the list of tensors is the network's") {
  std::vector<ModelConfig> models(3);
  models[1].encoder_channels = {8, 12, 12, 8, 8};
  models[1].context_channels = {8, 10, 10};
  models[1].context_kernels = {3, 4, 5};
  models[1].context_skip = true;
  models[2].context_bias = false;
  models[2].norm_affine = false;
  for (const ModelConfig& model : models) {
    const PretrainingNetwork network(model, ObjectiveConfig{});
    std::map<std::string, std::vector<int64_t>> expected;
    for (const ParameterId id : network.layout.by_name())
      expected[network.layout[id].name] = network.layout[id].shape;
    std::map<std::string, std::vector<int64_t>> found;
    for (const StateDictEntry& entry : state_dict_of(model, ObjectiveConfig{}))
      found[entry.name] = entry.shape;
    CHECK(found == expected);
  }
}

TEST_CASE("convert: PyTorch reads what is written, nothing is overwritten unasked") {
  const TemporaryFolder folder;
  const std::string in = kCheckpoints / "tiny_hydra_fp32_zip.pt";
  const std::string out = folder.path() / "out.pt";
  REQUIRE(test::run_wav2vec({"convert", in, out}).exit_code == 0);
  const auto again = test::run_wav2vec({"convert", in, out});
  CHECK(again.exit_code == 2);
  CHECK(again.standard_error.find("--force") != std::string::npos);
  CHECK(test::run_wav2vec({"convert", "--force", in, out}).exit_code == 0);
  CHECK(test::run_wav2vec({"convert", in, folder.path() / "out.bin"}).exit_code == 2);
  const std::string python = "/usr/bin/python3";
  if (std::system((python + " -c 'import torch' 2>/dev/null").c_str()) != 0) {
    MESSAGE("skipped: no python3-torch");
    return;
  }
  const fs::path script = folder.path() / "check.py";
  write_file(script, fmt::format("import torch\n"
                                 "a, b = torch.load('{}'), torch.load('{}')\n"
                                 "assert list(a['model']) == list(b['model'])\n"
                                 "assert all(torch.equal(a['model'][k], b['model'][k]) for k in a['model'])\n"
                                 "assert a['args'].conv_aggregator_layers == b['cfg']['model']"
                                 "['conv_aggregator_layers']\n",
                                 out, in));
  CHECK(std::system((python + " " + script.string()).c_str()) == 0);
}

/// The message for tiny_2019_fp32_legacy.pt with `from` replaced by something of the same length.
std::string refusal(const std::string& from, const std::string& to) {
  REQUIRE(from.size() == to.size());
  std::string bytes = read_file(kCheckpoints / "tiny_2019_fp32_legacy.pt", 1 << 24);
  const size_t at = bytes.find(from);
  REQUIRE(at != std::string::npos);
  const TemporaryFolder folder;
  write_file(folder.path() / "x.pt", bytes.replace(at, from.size(), to));
  try {
    ModelFile::open(folder.path() / "x.pt");
  } catch (const FormatError& error) {
    return error.what();
  }
  return "";
}

bool contains(const std::string& message, const std::string& part) {
  INFO(message);
  return message.find(part) != std::string::npos;
}

TEST_CASE("what the network cannot be is refused by the name of the option or tensor") {
  CHECK(contains(refusal("audio_cpc", "hubert_xl"), "architecture 'hubert_xl'"));
  CHECK(contains(refusal("(16, 10, 5)", "(16, 10, x)"), "conv_feature_layers"));
  CHECK(contains(refusal("(16, 3, 1)", "(16, 3, 2)"), "stride of 2"));
  CHECK(contains(refusal("(16, 3, 1)", "(16, 9, 1)"), "its options ask for [16, 16, 9]"));
  CHECK(
      contains(refusal("feature_aggregator.conv_layers.0.1.bias", "feature_aggregator.conv_layers.9.1.bias"),
               "no tensor 'feature_aggregator.conv_layers.0.1.bias'"));
  CHECK(contains(
      refusal("feature_extractor.conv_layers.0.0.weight", "vector_quantizer.embedding.weight_______"),
      "vq-wav2vec"));
}

TEST_CASE("a file without a configuration is taken only when its shapes are those of a published network") {
  const TemporaryFolder folder;
  ModelConfig model;
  model.encoder_channels.assign(5, 4);
  model.context_channels.assign(9, 4);
  for (const bool published : {true, false}) {
    if (!published) model.context_kernels.back() = 5;
    std::vector<std::vector<float>> values;
    std::vector<TensorToWrite> tensors;
    for (const StateDictEntry& entry : state_dict_of(model, ObjectiveConfig{})) {
      int64_t count = 1;
      for (const int64_t size : entry.shape) count *= size;
      values.emplace_back(static_cast<size_t>(count), 0.5F);
      tensors.emplace_back(entry.name, entry.shape, std::span<const float>(values.back()));
    }
    const fs::path path = folder.path() / "x.safetensors";
    write_safetensors(path, tensors, {{"format", "pt"}});
    if (published) {
      CHECK(ModelFile::open(path).info().model.encoder_strides == std::vector<int64_t>{5, 4, 2, 2, 2});
      CHECK_NOTHROW(FeatureExtractor{path});
    } else {
      CHECK_THROWS_AS(ModelFile::open(path), FormatError);
    }
  }
}

TEST_CASE("convert: a head stays a head, in 16 bits as in 32") {
  const TemporaryFolder folder;
  const std::string in = W2V_SOURCE_DIR "/models/default.safetensors";
  const std::string halves = folder.path() / "halves.safetensors";
  const std::string floats = folder.path() / "floats.safetensors";
  REQUIRE(test::run_wav2vec({"convert", "--dtype", "f16", in, halves}).exit_code == 0);
  REQUIRE(test::run_wav2vec({"convert", in, floats}).exit_code == 0);
  ModelFile original = ModelFile::open(in);
  for (const std::string& path : {halves, floats}) {
    ModelFile copy = ModelFile::open(path);
    REQUIRE(copy.info().head);
    CHECK(copy.info().head->sounds == original.info().head->sounds);
    REQUIRE(copy.tensors().size() == original.tensors().size());
    for (const TensorEntry& entry : original.tensors()) {
      std::vector<float> expected(static_cast<size_t>(entry.count()));
      std::vector<float> values(expected.size());
      original.read(entry.name, entry.shape, expected);
      copy.read(entry.name, entry.shape, values);
      CHECK_MESSAGE(values == expected, entry.name);  // the file that is shipped is of 16 bits already
    }
  }
  CHECK(std::filesystem::file_size(halves) < 0.6 * static_cast<double>(std::filesystem::file_size(floats)));
}

}  // namespace
}  // namespace wav2vec
