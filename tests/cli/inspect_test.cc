// What inspect says of runs, models and features.

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "support/command.h"
#include "support/speech_like.h"
#include "support/temporary_folder.h"
#include "wav2vec/core/file.h"

using namespace wav2vec;
namespace fs = std::filesystem;

namespace {

constexpr const char* kRecipe = R"([model]
encoder_channels = [8, 8, 8, 8, 8]
context_channels = [8]
context_kernels = [3]
[data]
min_samples = 4000
crop_samples = 9500
batch_samples = 40000
valid_fraction = 0.2
[train]
max_updates = 4
valid_every = 2
save_every = 2
)";

nlohmann::json inspect(std::vector<std::string> words) {
  words.insert(words.begin(), {"inspect", "--json"});
  const auto result = test::run_wav2vec(words);
  REQUIRE(result.exit_code == 0);
  return nlohmann::json::parse(result.standard_output);
}

}  // namespace

TEST_CASE("inspect: a run tells how far it is, tensors are listed on request, archives are counted") {
  const TemporaryFolder folder;
  const fs::path corpus = test::write_corpus(folder.path(), 10);
  const fs::path recipe = folder.path() / "tiny.toml";
  const fs::path run = folder.path() / "run";
  write_file(recipe, kRecipe);
  const std::vector<std::string> train{"pretrain", "--config", recipe, "--train", corpus, "--out", run};
  REQUIRE(test::run_wav2vec(train).exit_code == 0);

  auto facts = inspect({run.string()})[0];
  CHECK(facts["kind"] == "run");
  CHECK(facts["updates"] == 4);
  CHECK(facts["max_updates"] == 4);
  CHECK(facts["finished"] == true);
  CHECK(facts["last_checkpoint"] == 4);
  CHECK(facts["best_valid_bits"].is_number());
  CHECK(facts["tensor_count"].get<int>() > 3);
  CHECK_FALSE(facts.contains("tensors"));
  CHECK(inspect({"--tensors", run.string()})[0]["tensors"].size() == facts["tensor_count"]);

  const auto text = test::run_wav2vec({"inspect", run, corpus}).standard_output;
  CHECK(text.find("  finished: yes\n") != std::string::npos);
  CHECK(text.find("feature_extractor") == std::string::npos);
  CHECK(text.find(" s)\n") != std::string::npos);  // the manifest's hours, in seconds
  CHECK(test::run_wav2vec({"inspect", "--tensors", run}).standard_output.find("feature_extractor") !=
        std::string::npos);

  const fs::path features = folder.path() / "features";
  REQUIRE(test::run_wav2vec({"extract", "--model", run, "--format", "ark", "--out", features, corpus})
              .exit_code == 0);
  for (const auto& archive :
       inspect({(features / "feats.ark").string(), (features / "feats.scp").string()})) {
    CHECK(archive["kind"] == "features");
    CHECK(archive["utterances"] == 10);
    CHECK(archive["channels"] == 8);
  }

  fs::remove_all(run / "checkpoints");
  fs::remove(run / "metrics.jsonl");
  facts = inspect({run.string()})[0];
  CHECK(facts["updates"] == 0);
  CHECK(facts["finished"] == false);
  CHECK_FALSE(facts.contains("last_checkpoint"));
}

TEST_CASE("inspect: every format of extract and convert, and one line with code 3 for what is damaged") {
  const TemporaryFolder folder;
  const fs::path audio = folder.path() / "audio";
  fs::create_directory(audio);
  const fs::path corpus = test::write_corpus(audio, 5);
  const fs::path recipe = folder.path() / "tiny.toml";
  const fs::path run = folder.path() / "run";
  write_file(recipe, kRecipe);
  REQUIRE(test::run_wav2vec({"pretrain", "--config", recipe, "--train", corpus, "--out", run}).exit_code ==
          0);

  std::vector<fs::path> written;
  for (const std::string format :
       {"npy", "npz", "ark", "ark-text", "ark-cm2", "htk", "hdf5", "h5context", "safetensors", "csv"}) {
    CAPTURE(format);
    const fs::path out = folder.path() / format;
    REQUIRE(
        test::run_wav2vec({"extract", "--model", run, "--format", format, "--out", out, corpus}).exit_code ==
        0);
    const auto whole = inspect({out})[0];
    CHECK(whole["kind"] == "features");
    CHECK(whole["utterances"] == 5);
    CHECK(whole["contract"]["layer"] == "c");
    for (fs::recursive_directory_iterator at(out), end; at != end; ++at) {
      const fs::path name = at->path().filename();
      if (!at->is_regular_file() || name == "frames.json" || name == ".lock") continue;
      const auto facts = inspect({at->path()})[0];
      CAPTURE(at->path().string());
      CHECK(facts["kind"] == "features");
      CHECK(facts["channels"] == 8);
      CHECK(facts["frames"].get<int>() > 0);
      CHECK(facts["contract"]["model_hash"] == whole["contract"]["model_hash"]);
      CHECK(facts["hash"].get<std::string>().starts_with("crc32c:"));
      written.push_back(at->path());
      if (at->path().extension() != ".scp" && at->path().extension() != ".ark") break;
    }
  }
  CHECK(inspect({folder.path() / "npy/frames.json"})[0]["kind"] == "contract");

  const fs::path onnx = folder.path() / "m.onnx";
  REQUIRE(test::run_wav2vec({"convert", run, onnx}).exit_code == 0);
  const auto network = inspect({onnx})[0];
  CHECK(network["kind"] == "onnx");
  CHECK(network["opset"] == 13);
  CHECK(network["inputs"]["waveform"].size() == 2);
  CHECK(network["metadata"].contains("model_hash"));
  const auto refused = test::run_wav2vec({"extract", "--model", onnx, "--out", folder.path() / "x", corpus});
  CHECK(refused.standard_error.find("only written here") != std::string::npos);
  written.push_back(onnx);

  for (const fs::path& path : written) {
    const std::string good = read_file(path, 1 << 24);
    for (const std::string& bad : {good.substr(0, good.size() / 2), std::string(2000, 'x')}) {
      if (path.extension() == ".scp") continue;
      CAPTURE(path.string());
      write_file(path, bad);
      const auto result = test::run_wav2vec({"inspect", path});
      CHECK(result.exit_code == 3);
      CHECK(std::count(result.standard_error.begin(), result.standard_error.end(), '\n') == 1);
      CHECK(result.standard_error.find("PyTorch") == std::string::npos);
    }
  }
}

TEST_CASE("inspect: lists of audio, folders of audio and texts of others") {
  const TemporaryFolder folder;
  test::write_corpus(folder.path(), 3);
  fs::path audio;
  for (fs::recursive_directory_iterator at(folder.path()), end; at != end; ++at)
    if (at->path().extension() == ".wav") audio = at->path();
  REQUIRE_FALSE(audio.empty());
  const auto found = inspect({audio.parent_path()})[0];
  CHECK(found["kind"] == "folder of audio");
  CHECK(found["audio_files"] == 3);

  const fs::path list = folder.path() / "list.scp";
  write_file(list, "a " + audio.string() + "\n");
  CHECK(inspect({list})[0]["kind"] == "manifest");
  CHECK(inspect({list})[0]["utterances"] == 1);

  for (const auto& [name, text, message] :
       {std::array{"a.csv", "x,y\n1,2\n", "not a CSV of features"},
        std::array{"a.json", "{\n \"x\": 1}\n", "JSON of another program"},
        std::array{"a.npz", "PK", "zip archive"}}) {
    write_file(folder.path() / name, text);
    const auto result = test::run_wav2vec({"inspect", folder.path() / name});
    CHECK(result.exit_code == 3);
    CHECK(result.standard_error.find(message) != std::string::npos);
  }
}

TEST_CASE("inspect: a folder of features is read file by file, each part under its own contract") {
  const TemporaryFolder folder;
  test::write_corpus(folder.path(), 3);
  fs::path wav;
  for (fs::recursive_directory_iterator at(folder.path()), end; at != end; ++at)
    if (at->path().extension() == ".wav") wav = at->path();
  const fs::path out = folder.path() / "features";
  const auto extract = [&](const fs::path& place, const std::vector<std::string>& more) {
    std::vector<std::string> words{"extract", "--features", "fbank", "--out", place, wav.parent_path()};
    words.insert(words.end(), more.begin(), more.end());
    REQUIRE(test::run_wav2vec(words).exit_code == 0);
  };
  extract(out, {});
  extract(out / "deltas", {"--deltas", "1", "--format", "ark"});
  const auto whole = inspect({out})[0];
  CHECK(whole["utterances"] == 3);
  CHECK(whole["contract"]["channels"] == 23);
  CHECK(whole["layers"]["deltas"]["utterances"] == 3);
  CHECK(whole["layers"]["deltas"]["contract"]["channels"] == 46);
  CHECK_FALSE(whole.contains("problems"));

  extract(folder.path() / "other", {"--set", "fbank.num_mel_bins=40"});
  const std::string name = wav.stem().string() + ".npy";
  fs::copy(folder.path() / "other" / name, out / "foreign.npy");
  write_file(out / "torn.npy", read_file(out / name, 1 << 24).substr(0, 200));
  fs::resize_file(out / "deltas/feats.ark", 100);
  const auto result = test::run_wav2vec({"inspect", out});
  CHECK(result.exit_code == 3);
  for (const std::string file : {"foreign.npy: 40 channels, but 23", "torn.npy: ", "deltas/feats.ark: "})
    CHECK_MESSAGE(result.standard_error.find(file) != std::string::npos, file);
}
