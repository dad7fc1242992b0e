#include "wav2vec/model/layer_inference.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <filesystem>

#include "support/network.h"
#include "support/speech_like.h"
#include "support/temporary_folder.h"
#include "wav2vec/core/error.h"
#include "wav2vec/nn/convert.h"

using namespace wav2vec;

namespace {

using Values = std::vector<std::vector<float>>;  // of every layer

struct Model {
  const char* name;
  ModelConfig config;
  int64_t samples;
};

// Several tiles in the lowest blocks; in "short hop" also in the context network.
std::vector<Model> models() {
  ModelConfig plain;
  plain.encoder_channels = {24, 40, 16, 16, 16};
  plain.context_channels = {16, 24, 16};
  plain.context_kernels = {2, 3, 4};
  ModelConfig skips = plain;
  skips.encoder_channels = {16, 16, 16, 24, 24};
  skips.encoder_skip = true;
  skips.context_skip = true;
  skips.log_compression = true;
  skips.context_padding = ContextPadding::zero;
  skips.activation = Activation::gelu;
  ModelConfig short_hop;
  short_hop.encoder_channels = {16, 24};
  short_hop.encoder_kernels = {10, 4};
  short_hop.encoder_strides = {2, 2};
  short_hop.context_channels = {24, 16, 16};
  short_hop.context_kernels = {3, 5, 13};
  short_hop.log_compression = true;
  short_hop.norm_affine = false;
  short_hop.context_bias = false;
  ModelConfig short_hop_skips = short_hop;
  short_hop_skips.encoder_channels = {24, 24};
  short_hop_skips.encoder_skip = true;
  short_hop_skips.context_skip = true;
  ModelConfig long_kernel = short_hop;  // whose first block is a product like the others
  long_kernel.encoder_kernels = {40, 4};
  long_kernel.encoder_strides = {3, 3};
  return {{"plain", plain, 100003},
          {"skips", skips, 70001},
          {"short hop", short_hop, 40007},
          {"short hop, skips", short_hop_skips, 36001},
          {"long kernel", long_kernel, 50021}};
}

std::vector<LayerId> layers_of(const ModelConfig& config) { return parse_layers(config, "all,z,c"); }

SampleRows rows_of(const std::vector<float>& wave) {
  return {std::ssize(wave), [&wave](int64_t first, int64_t count, float* out) {
            std::copy_n(wave.data() + first, count, out);
          }};
}

// Every layer, read backwards in pieces of an odd size.
Values infer(test::Network& network, const std::vector<float>& wave, const ScratchLimits& limits,
             const InferenceOptions& options, int64_t piece_frames = 1001) {
  ScratchSpace scratch(limits);
  const std::vector<LayerId> layers = layers_of(network.model.config);
  Values values(layers.size());
  infer_layers(
      network.model, network.pass(), scratch, rows_of(wave), layers,
      [&](size_t i, const LayerRows& rows) {
        values[i].resize(static_cast<size_t>(rows.frames * rows.channels));
        for (int64_t t = (rows.frames - 1) / piece_frames * piece_frames; t >= 0; t -= piece_frames)
          rows.read(t, std::min(piece_frames, rows.frames - t), values[i].data() + t * rows.channels);
      },
      options);
  CHECK(scratch.bytes_in_memory() == 0);
  CHECK(scratch.bytes_in_files() == 0);
  return values;
}

std::vector<float> as_floats(const Activations& x, Workspace& workspace) {
  const Activations y = workspace.push_like(x, DType::f32);
  convert(x, y);
  return {y.item(0), y.item(0) + y.length(0) * y.channels};
}

// What the training forward computes.
Values train(test::Network& network, std::vector<float> wave) {
  const int64_t samples = std::ssize(wave);
  test::Batch batch{std::move(wave), {samples}};
  Wav2VecCache cache;
  const Pass pass = network.pass();
  const auto mark = network.workspace.mark();
  const Wav2VecFeatures features = wav2vec_forward(network.model, pass, batch.view(), &cache);
  Values values;
  for (const LayerId layer : layers_of(network.model.config)) {
    const auto i = static_cast<size_t>(layer.block);
    if (layer.kind == LayerId::Kind::encoder && i + 1 < cache.encoder.blocks.size() &&
        !network.model.encoder.blocks[i].skip) {
      const EncoderCache::Block& block = cache.encoder.blocks[i];
      const Activations y = network.workspace.push_like(block.conv_output, DType::f32);
      group_norm_forward(network.model.encoder.blocks[i].norm, pass, block.conv_output, block.statistics, y);
      values.push_back(as_floats(y, network.workspace));
      continue;
    }
    Activations y = layer.kind == LayerId::Kind::z ? features.z : features.c;
    if (layer.kind == LayerId::Kind::encoder)
      y = i + 1 < cache.encoder.blocks.size() ? cache.encoder.blocks[i + 1].input.x
                                              : cache.encoder.before_log;
    if (layer.kind == LayerId::Kind::context && i + 1 < cache.context.blocks.size())
      y = cache.context.blocks[i + 1].input;
    values.push_back(as_floats(y, network.workspace));
  }
  network.workspace.rewind(mark);
  return values;
}

// Largest difference, as a part of the largest value.
double error_of(const std::vector<float>& actual, const std::vector<float>& expected) {
  REQUIRE(actual.size() == expected.size());
  double error = 0.0;
  double top = 1e-30;
  for (size_t i = 0; i < actual.size(); ++i) {
    error = std::max(error, std::fabs(static_cast<double>(actual[i]) - static_cast<double>(expected[i])));
    top = std::max(top, std::fabs(static_cast<double>(expected[i])));
  }
  return error / top;
}

struct Variant {
  const char* name;
  uint64_t memory_bytes;
  int64_t chunk_tiles;
  std::optional<int64_t> first_kept;
};

constexpr uint64_t kAll = uint64_t{1} << 40;
constexpr Variant kVariants[] = {
    {"whole", kAll, 1000, 0},
    {"chunks of 2 tiles", kAll, 2, 0},
    {"in files", 0, 1, 0},
    {"in large chunks and files", 0, 3, 0},
    {"some in files", 1 << 20, 1, 0},
    {"first block again", kAll, 1, 1},
    {"first block again, in files", 0, 2, 1},
    {"two blocks again", kAll, 2, 2},
    {"four blocks again, some in files", 300000, 1, 4},
    {"as planned", 2 << 20, 1, {}},
};

void check_variants(const Model& model, bool bf16) {
  CAPTURE(model.name);
  CAPTURE(bf16);
  test::Network network(model.config, {});
  if (bf16) network.use_bf16();
  const TemporaryFolder folder;
  const std::vector<float> wave = test::glide(7, model.samples);
  const Values whole = infer(network, wave, {.memory_bytes = kAll}, {.first_kept_block = 0});
  const auto last = static_cast<int64_t>(model.config.encoder_channels.size()) - 1;
  for (const Variant& variant : kVariants) {
    CAPTURE(variant.name);
    InferenceOptions options{.chunk_frames = variant.chunk_tiles * kTileFrames};
    if (variant.first_kept) options.first_kept_block = std::min(*variant.first_kept, last);
    const Values values =
        infer(network, wave, {.memory_bytes = variant.memory_bytes, .folder = folder.path()}, options, 5003);
    CHECK(values == whole);
  }
  CHECK(std::filesystem::is_empty(folder.path()));

  // A product over a tile may add up in another order than one over the utterance.
  const Values trained = train(network, wave);
  const std::vector<LayerId> layers = layers_of(model.config);
  for (size_t i = 0; i < layers.size(); ++i) {
    CAPTURE(layer_name(layers[i]));
    CHECK(error_of(whole[i], trained[i]) <= (bf16 ? 0.0 : 2e-6));
  }
}

}  // namespace

TEST_CASE("layer inference: what is kept where and in which chunks changes no bit of any layer") {
  for (const Model& model : models()) check_variants(model, false);
}

TEST_CASE("layer inference: the same in bf16, and exactly what training computes") {
  if (!supports_bf16()) return;
  for (const Model& model : models()) check_variants(model, true);
}

TEST_CASE("layer inference: an utterance of one frame and others shorter than a tile equal training") {
  for (const Model& model : models()) {
    CAPTURE(model.name);
    test::Network network(model.config, {});
    const int64_t shortest = encoder_geometry(model.config).receptive_field_samples;
    for (const int64_t samples : {shortest, shortest + 777, shortest + 5000}) {
      CAPTURE(samples);
      const std::vector<float> wave = test::glide(3, samples);
      CHECK(infer(network, wave, {}, {}) == train(network, wave));
      CHECK(infer(network, wave, {.memory_bytes = 0}, {.first_kept_block = 1}) == train(network, wave));
    }
  }
}

TEST_CASE("layer inference: layers come in the order of the network, none beyond the last one asked for") {
  test::Network network(models()[0].config, {});
  const std::vector<float> wave = test::glide(1, 5000);
  ScratchSpace scratch({});
  const std::vector<LayerId> layers{LayerId::z(), LayerId::encoder(0), LayerId::z()};
  std::vector<size_t> order;
  infer_layers(network.model, network.pass(), scratch, rows_of(wave), layers,
               [&](size_t i, const LayerRows&) { order.push_back(i); });
  CHECK(order == std::vector<size_t>{1, 0, 2});
}

TEST_CASE("layer inference: the plan keeps the lowest block for which there is room") {
  const test::Network base(ModelConfig{}, {});
  const auto plan = [&](double hours, DType dtype, uint64_t file_bytes) {
    const auto samples = static_cast<int64_t>(hours * 3600.0 * 16000.0);
    return plan_inference(base.model, samples, dtype, {.file_bytes = file_bytes});
  };
  constexpr uint64_t kGigabyte = 1000000000;
  CHECK(plan(0.003, DType::f32, 0).first_kept_block == 0);
  CHECK(plan(0.003, DType::f32, 0).file_bytes == 0);
  CHECK(plan(0.05, DType::f32, 0).first_kept_block == 1);
  CHECK(plan(10.0, DType::bf16, 100 * kGigabyte).first_kept_block == 1);
  CHECK(plan(10.0, DType::bf16, 40 * kGigabyte).first_kept_block == 2);
  const InferencePlan none = plan(10.0, DType::f32, kGigabyte);
  CHECK(none.file_bytes > kGigabyte);
  // Block 1's output, 800 frames of 512 values a second, and the one of block 2 above it.
  const InferencePlan roomy = plan(10.0, DType::f32, 1000 * kGigabyte);
  CHECK(static_cast<double>(roomy.file_bytes) ==
        doctest::Approx(36000.0 * 1200.0 * 512.0 * 4.0).epsilon(0.01));
}

TEST_CASE("layer inference: the plan is what inference takes") {
  for (const Model& model : models()) {
    CAPTURE(model.name);
    const test::Network planned(model.config, {});
    test::Network network(model.config, {});
    const std::vector<float> wave = test::glide(2, model.samples);
    for (const uint64_t memory : {uint64_t{0}, uint64_t{1} << 20, kAll}) {
      ScratchLimits limits{.memory_bytes = memory};
      const InferencePlan plan = plan_inference(planned.model, std::ssize(wave), DType::f32, limits);
      limits.file_bytes = plan.file_bytes;
      const InferenceOptions options{.first_kept_block = plan.first_kept_block};
      CHECK_NOTHROW(infer(network, wave, limits, options));
      if (plan.file_bytes == 0) continue;
      --limits.file_bytes;
      CHECK_THROWS_AS(infer(network, wave, limits, options), DiskError);
    }
  }
}
