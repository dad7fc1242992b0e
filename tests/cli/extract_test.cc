// wav2vec extract as a whole: what it is told to read, how work is shared and what a second run does.

#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "support/audio_files.h"
#include "support/command.h"
#include "support/speech_like.h"
#include "support/temporary_folder.h"
#include "wav2vec/io/npy.h"

using namespace wav2vec;
namespace fs = std::filesystem;

namespace {

/// A folder of audio of different lengths; filter banks need no model.
struct Bench {
  TemporaryFolder folder;
  fs::path audio = folder.path() / "audio";

  Bench() {
    fs::create_directories(audio / "deep");
    for (uint64_t i = 0; i < 7; ++i) {
      const fs::path name = (i % 2 == 0 ? audio : audio / "deep") / ("u" + std::to_string(i) + ".wav");
      test::write_audio(name, test::glide(i, 4000 + 3000 * static_cast<int64_t>(i)));
    }
  }

  test::CommandResult extract(const std::string& out, std::vector<std::string> more) const {
    std::vector<std::string> arguments{"extract", "--features", "fbank", "--out", folder.path() / out};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return test::run_wav2vec(arguments);
  }

  std::map<std::string, std::string> files(const std::string& out, const std::string& extension) const {
    std::map<std::string, std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(folder.path() / out)) {
      if (entry.path().extension() == extension)
        found[entry.path().lexically_relative(folder.path() / out)] = test::read_bytes(entry.path());
    }
    return found;
  }
};

}  // namespace

TEST_CASE("extract: shards, lists, manifests and decoding ahead give the files of one plain run") {
  const Bench bench;
  REQUIRE(bench.extract("whole", {bench.audio}).exit_code == 0);
  const auto whole = bench.files("whole", ".npy");
  REQUIRE(whole.size() == 7);

  for (const char* shard : {"1/3", "2/3", "3/3"})
    REQUIRE(bench.extract("shards", {bench.audio, "--shard", shard, "--decode-ahead", "5"}).exit_code == 0);
  CHECK(bench.files("shards", ".npy") == whole);

  std::ofstream list(bench.folder.path() / "wav.scp");
  std::ofstream names(bench.folder.path() / "names.txt");
  std::map<std::string, std::string> flat;
  for (const auto& [name, bytes] : whole) {
    const fs::path audio = (bench.audio / name).replace_extension(".wav");
    list << audio.stem().string() << " " << audio.string() << "\n";
    names << audio.string() << "\n";
    flat[fs::path(name).filename()] = bytes;
  }
  list.close();
  names.close();
  REQUIRE(bench.extract("scp", {bench.folder.path() / "wav.scp"}).exit_code == 0);
  CHECK(bench.files("scp", ".npy") == flat);
  REQUIRE(bench.extract("list", {"--list", bench.folder.path() / "names.txt"}).exit_code == 0);
  CHECK(bench.files("list", ".npy") == flat);
}

TEST_CASE("extract: a second run does what is missing, --overwrite everything") {
  const Bench bench;
  REQUIRE(bench.extract("out", {bench.audio}).exit_code == 0);
  const auto whole = bench.files("out", ".npy");
  fs::remove(bench.folder.path() / "out" / "u4.npy");
  test::write_bytes(bench.folder.path() / "out" / "u2.npy", "marked");
  const auto second = bench.extract("out", {bench.audio, "--json"});
  REQUIRE(second.exit_code == 0);
  const auto told = nlohmann::json::parse(second.standard_output);
  CHECK(told["utterances"] == 1);
  CHECK(told["standing"] == 6);
  CHECK(test::read_bytes(bench.folder.path() / "out" / "u2.npy") == "marked");
  REQUIRE(bench.extract("out", {bench.audio, "--overwrite"}).exit_code == 0);
  CHECK(bench.files("out", ".npy") == whole);

  // Other features do not mix with these.
  const auto other = bench.extract("out", {bench.audio, "--deltas", "2"});
  CHECK(other.exit_code == 2);
  CHECK(other.standard_error.find("--overwrite") != std::string::npos);
}

TEST_CASE("extract: normalisation by speaker and over everything, and statistics that are kept") {
  const Bench bench;
  std::ofstream manifest(bench.folder.path() / "m.tsv");
  manifest << "path\tspeaker\taudio id\n";
  for (int i = 0; i < 6; i += 2)
    manifest << "audio/u" << i << ".wav\t" << (i < 4 ? "ann" : "bob") << "\t" << i << "\n";
  manifest.close();
  const std::string stats = bench.folder.path() / "stats.npy";
  const fs::path m = bench.folder.path() / "m.tsv";
  REQUIRE(bench.extract("raw", {m}).exit_code == 0);
  REQUIRE(bench.extract("speaker", {m, "--cmvn", "speaker"}).exit_code == 0);
  REQUIRE(bench.extract("global", {m, "--cmvn", "global", "--cmvn-stats", stats}).exit_code == 0);
  REQUIRE(
      bench.extract("again", {m, "--cmvn", "global", "--cmvn-stats", stats, "--shard", "1/1"}).exit_code ==
      0);
  CHECK(bench.files("again", ".npy") == bench.files("global", ".npy"));

  // The mean over a speaker's files is zero, that of one of several is not.
  const auto mean_of = [&](const std::string& out, std::initializer_list<int> utterances) {
    double sum = 0.0;
    double count = 0.0;
    for (const int u : utterances) {
      const NpyArray array =
          read_npy(bench.folder.path() / out / "audio" / ("u" + std::to_string(u) + ".npy"));
      for (const float v : array.floats()) sum += static_cast<double>(v);
      count += static_cast<double>(array.count());
    }
    return sum / count;
  };
  CHECK(std::abs(mean_of("speaker", {0, 2})) < 1e-4);
  CHECK(std::abs(mean_of("speaker", {4})) < 1e-4);
  CHECK(std::abs(mean_of("speaker", {0})) > 1e-3);
  CHECK(std::abs(mean_of("global", {0, 2, 4})) < 1e-4);
  CHECK(std::abs(mean_of("global", {4})) > 1e-3);
  CHECK(std::abs(mean_of("raw", {0, 2, 4})) > 1.0);

  CHECK(bench.extract("x", {m, "--cmvn", "speaker", "--shard", "1/2"}).exit_code == 2);
  CHECK(bench.extract("x", {m, "--cmvn-stats", stats}).exit_code == 2);
}

TEST_CASE("extract: wrong shards, two of stdin, no input and options that do not go together") {
  const Bench bench;
  for (const char* shard : {"0/2", "3/2", "1", "1/", "a/b", "-1/2", "1/2/3"})
    CHECK(bench.extract("x", {bench.audio, "--shard", shard}).exit_code == 2);
  CHECK(bench.extract("x", {}).exit_code == 2);
  CHECK(bench.extract("x", {"-", "--list", "-"}).exit_code == 2);
  CHECK(bench.extract("x", {bench.audio, "--window", "5"}).exit_code == 2);
  CHECK(bench.extract("x", {bench.audio, "--set", "fbank.num_mel_bin=3"}).exit_code == 2);
  CHECK(test::run_wav2vec({"extract", "--out", bench.folder.path() / "x", bench.audio}).exit_code == 2);
}
