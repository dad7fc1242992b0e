// wav2vec extract as a whole: what it is told to read, how work is shared and what a second run does.

#include <doctest/doctest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "support/audio_files.h"
#include "support/audio_folder.h"
#include "support/command.h"
#include "support/speech_like.h"
#include "support/temporary_folder.h"
#include "wav2vec/io/npy.h"
#include "wav2vec/io/run_lock.h"

using namespace wav2vec;
namespace fs = std::filesystem;

namespace {

/// A folder of audio of different lengths; filter banks need no model.
struct Bench {
  TemporaryFolder folder;
  fs::path audio = folder.path() / "audio";

  Bench() { test::write_audio_folder(audio); }

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

TEST_CASE("extract: a repeated id is an error in every run and every shard, and only the first is written") {
  const Bench bench;
  const fs::path twin = bench.folder.path() / "twin";
  fs::create_directory(twin);
  test::write_audio(twin / "u0.wav", test::glide(50, 9000));
  const auto both = [&](const std::string& out, std::vector<std::string> more) {
    more.insert(more.end(), {bench.audio, twin});
    return bench.extract(out, more);
  };
  for (const std::string format : {"npy", "ark"}) {
    REQUIRE(bench.extract(format + "1", {bench.audio, "--format", format}).exit_code == 0);
    for (int run = 0; run < 2; ++run) {
      const auto result = both(format, {"--format", format});
      CHECK(result.exit_code == 3);
      CHECK(result.standard_error.find((twin / "u0.wav").string() +
                                       ": utterance \"u0\": the id occurs twice") != std::string::npos);
      CHECK(bench.files(format, "." + format) == bench.files(format + "1", "." + format));
    }
  }
  for (const char* shard : {"1/3", "2/3", "3/3"}) CHECK(both("shards", {"--shard", shard}).exit_code == 3);
  CHECK(bench.files("shards", ".npy") == bench.files("npy", ".npy"));
}

TEST_CASE("extract: what changes the numbers is part of the contract") {
  const Bench bench;
  const fs::path stereo = bench.folder.path() / "stereo.wav";
  test::write_audio(stereo, test::noise(32000, 7), 16000, SF_FORMAT_WAV | SF_FORMAT_PCM_16, 2);
  REQUIRE(bench.extract("out", {stereo, "--channels", "left"}).exit_code == 0);
  const auto other = bench.extract("out", {stereo, "--channels", "right"});
  CHECK(other.exit_code == 2);
  CHECK(other.standard_error.find("audio_channel is \"left\", now \"right\"") != std::string::npos);
  CHECK(bench.extract("out", {stereo, "--channels", "left", "--set", "fbank.window=hamming"}).exit_code == 2);
  CHECK(bench.extract("out", {stereo, "--channels", "left", "--format", "csv"}).exit_code == 2);
  const auto contract = nlohmann::json::parse(test::read_bytes(bench.folder.path() / "out/frames.json"));
  CHECK(contract["options"].get<std::string>().find("num_mel_bins=23") != std::string::npos);
  CHECK(contract["file_format"] == "npy");
  REQUIRE(bench.extract("set", {"--set", "fbank.window=hamming", "--set", "fbank.num_mel_bins=30", stereo})
              .exit_code == 0);
  const auto set = nlohmann::json::parse(test::read_bytes(bench.folder.path() / "set/frames.json"));
  CHECK(set["channels"] == 30);
  CHECK(set["options"].get<std::string>().find("window=hamming") != std::string::npos);
  REQUIRE(bench
              .extract("moved", {stereo, "--set", "fbank.snip_edges=false", "--left", "2", "--subsample", "3",
                                 "--set", "postprocess.subsample_offset=1", "--deltas", "1"})
              .exit_code == 0);
  const auto moved = nlohmann::json::parse(test::read_bytes(bench.folder.path() / "moved/frames.json"));
  CHECK(moved["first_sample"] == 160 / 2 - 400 / 2 - 2 * 160 - 2 * 160 + 160);
  CHECK(moved["receptive_field_samples"] == 400 + 2 * 2 * 160 + 2 * 160);
}

TEST_CASE("extract: audio from stdin is never taken for done") {
  const Bench bench;
  const auto from_stdin = [&](int which, const std::string& more) {
    const std::string command = "cat '" + (bench.audio / ("u" + std::to_string(which) + ".wav")).string() +
                                "' | " W2V_CLI " -q extract --features fbank --out '" +
                                (bench.folder.path() / "out").string() + "' - " + more + " >&2";
    return WEXITSTATUS(std::system(command.c_str()));
  };
  REQUIRE(bench.extract("whole", {bench.audio}).exit_code == 0);
  CHECK(from_stdin(0, "") == 0);
  CHECK(from_stdin(2, "") == 2);
  CHECK(from_stdin(2, "--id spk/two") == 0);
  auto whole = bench.files("whole", ".npy");
  auto found = bench.files("out", ".npy");
  CHECK(found["stdin.npy"] == whole["u0.npy"]);
  CHECK(found["spk/two.npy"] == whole["u2.npy"]);
  CHECK(from_stdin(2, "--overwrite") == 0);
  CHECK(bench.files("out", ".npy")["stdin.npy"] == whole["u2.npy"]);
  CHECK(bench.extract("x", {bench.audio, "--id", "a"}).exit_code == 2);
}

TEST_CASE("extract: a segment may end half a second behind the audio, not more") {
  const Bench bench;
  const fs::path audio = bench.audio / "u0.wav";  // 0.25 s
  const fs::path manifest = bench.folder.path() / "m.jsonl";
  const auto line = [&](const char* id, const char* times) {
    return "{\"audio\": \"" + audio.string() + "\", \"id\": \"" + id + "\", " + times + "}\n";
  };
  test::write_bytes(manifest, line("within", "\"start\": 0.05, \"duration\": 0.1") +
                                  line("little", "\"start\": 0.05, \"duration\": 0.6") +
                                  line("much", "\"start\": 0.05, \"duration\": 0.8") +
                                  line("behind", "\"start\": 5, \"duration\": 1"));
  const auto result = bench.extract("out", {manifest});
  CHECK(result.exit_code == 3);
  CHECK(result.standard_error.find("\"much\": the segment ends 0.60 s behind the audio") !=
        std::string::npos);
  const auto found = bench.files("out", ".npy");
  CHECK(found.size() == 2);
  CHECK(found.contains("within.npy"));
  CHECK(found.contains("little.npy"));
}

TEST_CASE("extract: audio that is cut off is used, said and told by code 1") {
  const Bench bench;
  const fs::path folder = bench.folder.path() / "cut";
  fs::create_directory(folder);
  for (const auto& [name, format] : {std::pair{"a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16},
                                     std::pair{"b.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16},
                                     std::pair{"c.ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS}}) {
    const auto noise = test::noise(160000, 3);
    test::write_audio(folder / name, noise, 16000, format);
    const std::string bytes = test::read_bytes(folder / name);
    test::write_bytes(folder / name, bytes.substr(0, bytes.size() * 2 / 3));
  }
  const auto result = bench.extract("out", {folder, "--json"});
  CHECK(result.exit_code == 1);
  const auto told = nlohmann::json::parse(result.standard_output);
  CHECK(told["utterances"] == 3);
  CHECK(told["failed"] == 0);
  REQUIRE(told["damaged"].size() == 3);
  for (const char* name : {"a.wav", "b.flac", "c.ogg"})
    CHECK(result.standard_error.find("cut/" + std::string(name) + ": cut off") != std::string::npos);
  CHECK(bench.files("out", ".npy").size() == 3);
}

TEST_CASE("extract: only what was written is counted, layer by layer") {
  const Bench bench;
  REQUIRE(bench.extract("out", {bench.audio}).exit_code == 0);
  fs::remove(bench.folder.path() / "out/u0.npy");
  const auto told = nlohmann::json::parse(bench.extract("out", {bench.audio, "--json"}).standard_output);
  REQUIRE(told["layers"].is_array());
  CHECK(told["layers"][0]["layer"] == "fbank");
  CHECK(told["layers"][0]["utterances"] == 1);
  CHECK(told["layers"][0]["frames"] == (4000 - 400) / 160 + 1);
}

TEST_CASE("extract: options that contradict one another are refused before anything is written") {
  const Bench bench;
  const auto refused = [&](std::vector<std::string> more, const std::string& hint) {
    const auto result = bench.extract("x", std::move(more));
    CHECK(result.exit_code == 2);
    CHECK(result.standard_error.find(hint) != std::string::npos);
    CHECK(result.standard_output.empty());
    CHECK_FALSE(fs::exists(bench.folder.path() / "x"));
  };
  refused({bench.audio, "--cmvn-vars"}, "--cmvn");
  refused({bench.audio, "--dtype", "bf16"}, "--dtype bf16");
  const auto to_stdout = [&](std::vector<std::string> more) {
    std::vector<std::string> words{"extract", "--features", "fbank", "--out", "-"};
    words.insert(words.end(), more.begin(), more.end());
    return test::run_wav2vec(words);
  };
  CHECK(to_stdout({bench.audio, "--json", "--format", "csv"}).exit_code == 2);
  const auto npy = to_stdout({bench.audio});
  CHECK(npy.exit_code == 2);
  CHECK(npy.standard_output.empty());
  const fs::path list = bench.folder.path() / "empty.txt";
  test::write_bytes(list, "\n");
  CHECK(bench.extract("x", {"--list", list}).exit_code == 3);
  const auto speakers = bench.extract("speakers", {bench.audio, "--cmvn", "speaker"});
  CHECK(speakers.exit_code == 0);
  CHECK(speakers.standard_error.find("7 of 7 utterances have no speaker") != std::string::npos);
  const auto help = test::run_wav2vec({"extract", "--help"}).standard_output;
  CHECK(help.find("--set KEY=VALUE ") != std::string::npos);
  CHECK(help.find("--set KEY=VALUE ...") == std::string::npos);
  CHECK(help.find("--threads") != std::string::npos);
}

TEST_CASE("extract: two runs into one folder at once, the second says so") {
  const Bench bench;
  const RunLock other(bench.folder.path() / "out");
  const auto result = bench.extract("out", {bench.audio, "--format", "ark"});
  CHECK(result.exit_code == 5);
  CHECK(result.standard_error.find("is writing here") != std::string::npos);
}

TEST_CASE("manifest: speakers that would be lost, and standard output") {
  const Bench bench;
  const std::string tsv = bench.folder.path() / "m.tsv";
  const auto lost = test::run_wav2vec({"manifest", bench.audio, "--speaker-from", "parent", "-o", tsv});
  CHECK(lost.exit_code == 2);
  CHECK(lost.standard_error.find(".jsonl") != std::string::npos);
  CHECK_FALSE(fs::exists(tsv));
  CHECK(test::run_wav2vec({"manifest", bench.audio, "-o", "-"}).exit_code == 2);
  REQUIRE(test::run_wav2vec({"manifest", bench.audio, "-o", tsv}).exit_code == 0);
  const auto model = test::run_wav2vec({"extract", "--model", tsv, "--out", "x", bench.audio});
  CHECK(model.exit_code == 4);
  CHECK(model.standard_error.find("no model") != std::string::npos);
}
