// From a model file and audio files to feature files, held against the golden vectors.

#include "wav2vec/extract/feature_extractor.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "support/audio_files.h"
#include "support/command.h"
#include "support/golden.h"
#include "support/network.h"
#include "support/temporary_folder.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/file.h"
#include "wav2vec/io/npy.h"

using namespace wav2vec;
namespace fs = std::filesystem;
using test::Golden;

namespace {

fs::path write_golden_model(const Golden& g, const fs::path& folder) {
  test::Network network(g.model, g.objective);
  g.fill_parameters(network.parameters);
  std::vector<std::vector<float>> values;
  std::vector<TensorToWrite> tensors;
  for (ParameterId id : network.layout.by_name()) {
    values.push_back(checkpoint_values(network.parameters, id));
    tensors.emplace_back(network.layout[id].name, network.layout[id].shape,
                         std::span<const float>(values.back()));
  }
  const fs::path path = folder / "model.safetensors";
  write_model_file(path, {.model = g.model, .objective = g.objective, .update = 7}, tensors);
  return path;
}

// rows: [frames, channels] of item b; the vectors are (B, C, T).
void check_rows(const Golden& g, const std::string& tensor, int64_t b, const std::vector<float>& rows,
                int64_t channels) {
  const auto expected = g.read(tensor);
  REQUIRE(static_cast<int64_t>(rows.size()) == g.frames * channels);
  double error = 0.0;
  double top = 0.0;
  for (int64_t t = 0; t < g.frames; ++t) {
    for (int64_t c = 0; c < channels; ++c) {
      const double e = expected[static_cast<size_t>((b * channels + c) * g.frames + t)];
      error =
          std::max(error, std::fabs(e - static_cast<double>(rows[static_cast<size_t>(t * channels + c)])));
      top = std::max(top, std::fabs(e));
    }
  }
  CHECK(error <= 1e-5 * top);
}

Golden tiny() { return test::load_golden(fs::path(W2V_TEST_DATA) / "golden" / "tiny"); }

// A Kaldi archive read from the format's definition: key SP \0 B "FM " \4 rows \4 columns values.
std::vector<float> read_ark_entry(const std::string& ark, const std::string& key, int32_t& rows,
                                  int32_t& columns) {
  const std::string head = key + " " + std::string("\0BFM ", 5);
  const size_t at = ark.find(head);
  REQUIRE(at != std::string::npos);
  const char* p = ark.data() + at + head.size();
  REQUIRE(p[0] == 4);
  std::memcpy(&rows, p + 1, 4);
  REQUIRE(p[5] == 4);
  std::memcpy(&columns, p + 6, 4);
  std::vector<float> values(static_cast<size_t>(rows) * static_cast<size_t>(columns));
  std::memcpy(values.data(), p + 10, values.size() * sizeof(float));
  return values;
}

}  // namespace

TEST_CASE("extract: a model file gives the golden z and c") {
  const TemporaryFolder folder;
  const Golden g = tiny();
  FeatureExtractor extractor(write_golden_model(g, folder.path()));
  CHECK(extractor.info().update == 7);
  CHECK(extractor.info().model.context_kernels == g.model.context_kernels);
  const auto audio = g.audio();
  for (int64_t b = 0; b < g.batch; ++b) {
    const std::span<const float> item(audio.data() + b * g.samples, static_cast<size_t>(g.samples));
    const Features z = extractor.extract(item, LayerId::z());
    CHECK(z.frames == g.frames);
    check_rows(g, "z", b, z.rows, z.channels);
    check_rows(g, "c", b, extractor.extract(item, LayerId::c()).rows, extractor.channels(LayerId::c()));
  }
  CHECK_THROWS_AS(extractor.extract(std::span(audio).subspan(0, 464), LayerId::z()), DataError);
  CHECK(extractor.extract(std::span(audio).subspan(0, 465), LayerId::z()).frames == 1);
}

TEST_CASE("wav2vec extract: WAV and FLAC in, npy and ark out, golden features") {
  const TemporaryFolder folder;
  const Golden g = tiny();
  const fs::path model = write_golden_model(g, folder.path());
  const auto audio = g.audio();
  const fs::path speech = folder.path() / "speech";
  fs::create_directories(speech / "deep");
  const std::vector<float> first(audio.begin(), audio.begin() + g.samples);
  const std::vector<float> second(audio.begin() + g.samples, audio.begin() + 2 * g.samples);
  test::write_audio(speech / "one.wav", first);
  test::write_audio(speech / "deep" / "two.flac", second, 16000, SF_FORMAT_FLAC | SF_FORMAT_PCM_16);

  for (const std::string layer : {"z", "c"}) {
    const fs::path out = folder.path() / ("npy_" + layer);
    const auto result = test::run_wav2vec(
        {"extract", "--model", model.string(), "--layer", layer, "--out", out.string(), speech.string()});
    INFO(result.standard_error);
    REQUIRE(result.exit_code == 0);
    check_rows(g, layer, 0, read_npy(out / "one.npy").floats(), 16);
    check_rows(g, layer, 1, read_npy(out / "deep" / "two.npy").floats(), 16);
    const auto contract = nlohmann::json::parse(read_file(out / "frames.json", 1 << 20));
    CHECK(contract.at("hop_samples") == 160);
    CHECK(contract.at("receptive_field_samples") == 465);
    CHECK(contract.at("first_frame_center_seconds").get<double>() == doctest::Approx(232.0 / 16000.0));
  }

  const fs::path out = folder.path() / "ark";
  REQUIRE(test::run_wav2vec({"extract", "--model", model.string(), "--format", "ark", "--out", out.string(),
                             speech.string()})
              .exit_code == 0);
  const std::string ark = read_file(out / "feats.ark", 1 << 20);
  int32_t rows = 0;
  int32_t columns = 0;
  const auto one = read_ark_entry(ark, "one", rows, columns);
  CHECK(rows == g.frames);
  check_rows(g, "c", 0, one, columns);
  const auto two = read_ark_entry(ark, "deep/two", rows, columns);
  check_rows(g, "c", 1, two, columns);
}

TEST_CASE("wav2vec extract: what fails is named, the rest is written, exit code 3") {
  const TemporaryFolder folder;
  const Golden g = tiny();
  const fs::path model = write_golden_model(g, folder.path());
  const auto audio = g.audio();
  test::write_audio(folder.path() / "good.wav", {audio.begin(), audio.begin() + 2000});
  test::write_audio(folder.path() / "short.wav", {audio.begin(), audio.begin() + 400});
  test::write_bytes(folder.path() / "text.wav", "not audio");
  const fs::path out = folder.path() / "out";
  const auto result =
      test::run_wav2vec({"extract", "--model", model.string(), "--out", out.string(),
                         (folder.path() / "good.wav").string(), (folder.path() / "short.wav").string(),
                         (folder.path() / "text.wav").string(), (folder.path() / "absent.wav").string()});
  CHECK(result.exit_code == 3);
  CHECK(fs::exists(out / "good.npy"));
  CHECK_FALSE(fs::exists(out / "short.npy"));
  for (const char* name : {"short.wav", "text.wav", "absent.wav"})
    CHECK(result.standard_error.find(name) != std::string::npos);
}

TEST_CASE("extract: model files that are not what they claim are refused by name") {
  const TemporaryFolder folder;
  const Golden g = tiny();
  const fs::path model = write_golden_model(g, folder.path());
  const std::string bytes = read_file(model, 1 << 24);
  const auto refused = [&](const std::string& name, const std::string& content) {
    CAPTURE(name);
    test::write_bytes(folder.path() / name, content);
    CHECK_THROWS_AS(FeatureExtractor(folder.path() / name), DataError);
  };
  refused("empty.safetensors", "");
  refused("cut.safetensors", bytes.substr(0, bytes.size() - 1));
  refused("text.safetensors", "hello");
  std::string other_shape = bytes;
  const size_t at = other_shape.find("context_kernels = [2, 3, 4]");
  REQUIRE(at != std::string::npos);
  other_shape.replace(at, 27, "context_kernels = [2, 3, 5]");
  refused("kernels.safetensors", other_shape);
  std::string nan = bytes;
  uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, nan.data(), 8);
  std::memset(nan.data() + 8 + header_bytes, 0xFF, 4);
  refused("nan.safetensors", nan);
}
