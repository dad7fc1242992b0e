#include "wav2vec/extract/windowed.h"

#include <doctest/doctest.h>

#include <cmath>

#include "support/network.h"
#include "support/speech_like.h"
#include "support/temporary_folder.h"
#include "wav2vec/core/error.h"
#include "wav2vec/io/model_file.h"
#include "wav2vec/nn/packed_weights.h"

using namespace wav2vec;
namespace fs = std::filesystem;

namespace {

ModelConfig small_model() {
  ModelConfig m;
  m.encoder_channels = {16, 16, 16, 16, 16};
  m.context_channels = {16, 24, 16};
  m.context_kernels = {2, 3, 4};
  m.log_compression = true;
  return m;
}

fs::path write_model(const fs::path& folder, bool normalize) {
  const test::Network network(small_model(), {});
  std::vector<std::vector<float>> values;
  std::vector<TensorToWrite> tensors;
  for (const ParameterId id : network.layout.by_name()) {
    values.push_back(checkpoint_values(network.parameters, id));
    tensors.emplace_back(network.layout[id].name, network.layout[id].shape,
                         std::span<const float>(values.back()));
  }
  const fs::path path = folder / "model.safetensors";
  write_model_file(path, {.model = small_model(), .objective = {}, .normalize = normalize}, tensors);
  return path;
}

using Values = std::vector<std::vector<float>>;

DeliverFeatures into(Values& values) {
  return [&values](size_t which, const FeatureRows& rows) {
    values.resize(std::max(values.size(), which + 1));
    values[which].resize(static_cast<size_t>(rows.frames * rows.channels));
    rows.read(0, rows.frames, values[which].data());
  };
}

std::vector<LayerId> all_layers() { return parse_layers(small_model(), "all,z,c"); }

Values whole(FeatureExtractor& extractor, std::span<const float> wave) {
  Values values;
  extractor.extract(waveform_in_memory(wave), all_layers(), into(values));
  return values;
}

Values windowed(FeatureExtractor& extractor, std::span<const float> wave, const WindowOptions& options) {
  Values values;
  extract_windows(extractor, waveform_in_memory(wave), all_layers(), options, into(values));
  return values;
}

}  // namespace

TEST_CASE("extract: long audio through files gives the same bits, of a normalising model too") {
  const TemporaryFolder folder;
  const std::vector<float> wave = test::glide(1, 100003);
  for (const bool normalize : {false, true}) {
    const fs::path model = write_model(folder.path(), normalize);
    for (const DType dtype : {DType::f32, DType::bf16}) {
      if (dtype == DType::bf16 && !supports_bf16()) continue;
      FeatureExtractor roomy(model, dtype);
      FeatureExtractor narrow(model, dtype, {.memory_bytes = 100000, .folder = folder.path()});
      const Values expected = whole(roomy, wave);
      CHECK(whole(narrow, wave) == expected);
      // What was extracted before changes nothing.
      whole(roomy, std::span(wave).subspan(3000, 40000));
      CHECK(whole(roomy, wave) == expected);
      CHECK(roomy.extract(wave, LayerId::c()).rows == expected.back());
    }
  }
}

TEST_CASE("extract: too small a disk is told before anything is computed, with what is needed") {
  const TemporaryFolder folder;
  FeatureExtractor extractor(write_model(folder.path(), false), DType::f32,
                             {.memory_bytes = 0, .folder = folder.path(), .file_bytes = 1000});
  bool asked = false;
  const WaveformSource never{100000, [&](int64_t, int64_t, float*) { asked = true; }};
  const std::vector<LayerId> layers{LayerId::z()};
  CHECK_THROWS_AS(extractor.extract(never, layers, [](size_t, const FeatureRows&) {}), DiskError);
  CHECK_FALSE(asked);
}

TEST_CASE("windows: one that holds everything is exact") {
  const TemporaryFolder folder;
  FeatureExtractor extractor(write_model(folder.path(), true));
  const std::vector<float> wave = test::glide(2, 30000);
  CHECK(windowed(extractor, wave, {.window_seconds = 10.0}) == whole(extractor, wave));
  CHECK(windowed(extractor, wave, {.window_seconds = 1.3}) == whole(extractor, wave));  // the rest is short
}

TEST_CASE("windows: frames are those of their windows, in the places of the whole utterance") {
  const TemporaryFolder folder;
  FeatureExtractor extractor(write_model(folder.path(), true));
  const std::vector<float> wave = test::glide(3, 48007);
  const Values exact = whole(extractor, wave);
  const Values stitched = windowed(extractor, wave, {.window_seconds = 1.0, .context_seconds = 0.2});
  const std::vector<LayerId> layers = all_layers();
  REQUIRE(stitched.size() == layers.size());
  // The window of the second second: frames 100 .. 199 of z, and 20 frames more on both sides.
  const int64_t first_sample = 80 * 160;
  const int64_t samples = (219 - 80) * 160 + 465;
  const Values middle = whole(
      extractor, std::span(wave).subspan(static_cast<size_t>(first_sample), static_cast<size_t>(samples)));
  for (size_t i = 0; i < layers.size(); ++i) {
    CAPTURE(layer_name(layers[i]));
    REQUIRE(stitched[i].size() == exact[i].size());
    const int64_t hop = layer_geometry(small_model(), layers[i]).hop_samples;
    const int64_t channels = extractor.channels(layers[i]);
    const int64_t offset = first_sample / hop * channels;
    const int64_t begin = 16000 / hop * channels;
    CHECK(std::equal(stitched[i].begin() + begin, stitched[i].begin() + 2 * begin,
                     middle[i].begin() + begin - offset));
    CHECK(stitched[i] != exact[i]);
  }
}

TEST_CASE("windows: windows of no frame and negative contexts are refused, short audio too") {
  const TemporaryFolder folder;
  FeatureExtractor extractor(write_model(folder.path(), false));
  const std::vector<float> wave = test::glide(4, 20000);
  CHECK_THROWS_AS(windowed(extractor, wave, {.window_seconds = 0.001}), ConfigError);
  CHECK_THROWS_AS(windowed(extractor, wave, {.window_seconds = std::nan("")}), ConfigError);
  CHECK_THROWS_AS(windowed(extractor, wave, {.window_seconds = 1.0, .context_seconds = -1.0}), ConfigError);
  CHECK_THROWS_AS(windowed(extractor, std::span(wave).first(464), {}), DataError);
  CHECK(windowed(extractor, wave, {.window_seconds = 0.5, .context_seconds = 0.0}).size() == 10);
}
