// Bad input, command by command: one line that names the file, the documented exit code, nothing
// half-written.

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "support/audio_files.h"
#include "support/command.h"
#include "support/speech_like.h"
#include "support/temporary_folder.h"
#include "wav2vec/core/file.h"

using namespace wav2vec;
namespace fs = std::filesystem;
using Words = std::vector<std::string>;

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
max_updates = 2
save_every = 1
)";

/// Good utterances, a recipe and a trained model, made once.
struct Workbench {
  TemporaryFolder folder;
  fs::path good = folder.path() / "good";
  fs::path manifest;
  fs::path recipe = folder.path() / "tiny.toml";
  fs::path run = folder.path() / "run";

  Workbench() {
    fs::create_directories(good);
    manifest = test::write_corpus(good, 10);
    write_file(recipe, kRecipe);
    REQUIRE(test::run_wav2vec(pretrain(manifest, run)).exit_code == 0);
  }
  Words pretrain(const fs::path& train, const fs::path& out, const Words& more = {}) const {
    Words words{"pretrain", "--config", recipe, "--train", train, "--out", out};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  Words extract(const Words& inputs, const fs::path& out, const std::string& format = "npy") const {
    Words words{"extract", "--model", run, "--out", out, "--format", format};
    words.insert(words.end(), inputs.begin(), inputs.end());
    return words;
  }
};

const Workbench& bench() {
  static const Workbench workbench;
  return workbench;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

/// Lines of stderr that speak of it.
int64_t count_lines_with(const test::CommandResult& result, const std::string& part) {
  const auto lines = lines_of(result.standard_error);
  return std::count_if(lines.begin(), lines.end(),
                       [&](const std::string& line) { return line.find(part) != std::string::npos; });
}

bool has_leftovers(const fs::path& folder) {
  if (!fs::exists(folder)) return false;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().string().find(".tmp") != std::string::npos) return true;
  }
  return false;
}

/// The program fails with one line, which says all of `parts`, and nothing else.
void check_fails(const Words& words, int exit_code, const Words& parts) {
  CAPTURE(words);
  const auto result = test::run_wav2vec(words);
  INFO(result.standard_error);
  CHECK(result.exit_code == exit_code);
  const auto lines = lines_of(result.standard_error);
  REQUIRE_FALSE(lines.empty());
  CHECK(std::count_if(lines.begin(), lines.end(),
                      [](const std::string& line) { return line.starts_with("wav2vec: "); }) == 1);
  for (const std::string& part : parts) CHECK(lines.back().find(part) != std::string::npos);
  for (const char c : result.standard_error) CHECK((static_cast<unsigned char>(c) >= 0x20 || c == '\n'));
}

/// What has to be done to notice: inspect reads the header, manifest also counts samples, the others decode.
enum class FoundBy { header, length, decoding };

struct BadFile {
  std::string name;
  FoundBy found_by;
};

std::vector<BadFile> write_bad_files(const fs::path& folder) {
  fs::create_directories(folder);
  test::write_audio(folder / "whole.wav", test::glide(1, 20000));
  const std::string whole = test::read_bytes(folder / "whole.wav");
  fs::remove(folder / "whole.wav");
  std::vector<BadFile> files;
  const auto add = [&](const std::string& name, const std::string& bytes,
                       FoundBy found_by = FoundBy::header) {
    test::write_bytes(folder / name, bytes);
    files.push_back({name, found_by});
  };
  add("empty.wav", "");
  add("header-only.wav", whole.substr(0, 44), FoundBy::length);
  for (const size_t bytes : {1, 12, 20, 43, 45})
    add("truncated" + std::to_string(bytes) + ".wav", whole.substr(0, bytes),
        bytes < 40 ? FoundBy::header : FoundBy::length);
  add("text.wav", "this is a text, and no audio\n");
  add("junk.flac", "fLaC" + std::string(500, '\x93'));
  const auto add_float = [&](const std::string& name, float value) {
    auto samples = test::glide(2, 20000);
    samples[5000] = value;
    test::write_audio(folder / name, samples, 16000, SF_FORMAT_WAV | SF_FORMAT_FLOAT);
    files.push_back({name, FoundBy::decoding});
  };
  add_float("nan.wav", std::numeric_limits<float>::quiet_NaN());
  add_float("inf.wav", std::numeric_limits<float>::infinity());
  for (const int64_t samples : {1, 464}) {
    const std::string name = "short" + std::to_string(samples) + ".wav";
    test::write_audio(folder / name, test::glide(3, samples));
    files.push_back({name, FoundBy::decoding});
  }
  fs::create_symlink("loop.wav", folder / "loop.wav");
  files.push_back({"loop.wav", FoundBy::header});
  return files;
}

/// Uncommon, but good.
Words write_odd_files(const fs::path& folder) {
  fs::create_directories(folder);
  const auto add = [&](const char* name, int rate, int format, int channels = 1) {
    test::write_audio(folder / name, test::glide(4, 60000), rate, SF_FORMAT_WAV | format, channels);
  };
  add("8000.wav", 8000, SF_FORMAT_PCM_16);
  add("44100.wav", 44100, SF_FORMAT_PCM_16);
  add("48000.wav", 48000, SF_FORMAT_PCM_16);
  add("24bit.wav", 16000, SF_FORMAT_PCM_24);
  add("float.wav", 16000, SF_FORMAT_FLOAT);
  add("surround.wav", 16000, SF_FORMAT_PCM_16, 6);
  return {"8000", "44100", "48000", "24bit", "float", "surround"};
}

}  // namespace

TEST_CASE("bad audio: every command skips it, names it once in one line, and ends with code 3") {
  const TemporaryFolder folder;
  const fs::path audio = folder.path() / "audio";
  const std::vector<BadFile> bad = write_bad_files(audio);
  const Words odd = write_odd_files(audio);
  const auto check_named = [&](const test::CommandResult& result, FoundBy effort) {
    INFO(result.standard_error);
    CHECK(result.exit_code == 3);
    for (const BadFile& file : bad) {
      CAPTURE(file.name);
      CHECK(count_lines_with(result, "/" + file.name + ": ") == (file.found_by <= effort ? 1 : 0));
    }
  };
  const std::string failed = std::to_string(bad.size()) + " inputs";

  SUBCASE("extract") {
    for (const std::string format : {"npy", "ark"}) {
      CAPTURE(format);
      const fs::path out = folder.path() / format;
      const auto result = test::run_wav2vec(bench().extract({audio}, out, format));
      check_named(result, FoundBy::decoding);
      CHECK(result.standard_output.find("failed: " + failed) != std::string::npos);
      CHECK_FALSE(has_leftovers(out));
      const int64_t files = std::distance(fs::directory_iterator(out), fs::directory_iterator());
      CHECK(files == (format == "npy" ? std::ssize(odd) + 2 : 4));  // frames.json and .lock
    }
  }
  SUBCASE("manifest") {
    const auto result = test::run_wav2vec({"manifest", audio, "-o", folder.path() / "m.tsv"});
    check_named(result, FoundBy::length);
    const std::string written = test::read_bytes(folder.path() / "m.tsv");
    for (const std::string& name : odd) CHECK(written.find(name + ".wav\t") != std::string::npos);
    CHECK(written.find("text.wav") == std::string::npos);
  }
  SUBCASE("inspect") {
    Words words{"inspect"};
    for (const BadFile& file : bad) words.push_back(audio / file.name);
    check_named(test::run_wav2vec(words), FoundBy::header);
  }

  std::string rows = "/\n";
  const auto add_row = [&](const fs::path& path) { rows += path.relative_path().string() + "\t20000\n"; };
  for (const BadFile& file : bad) add_row(audio / file.name);
  add_row(audio / "missing.wav");
  for (const std::string& name : odd) add_row(audio / (name + ".wav"));
  const fs::path manifest = folder.path() / "all.tsv";
  write_file(manifest, rows);

  SUBCASE("doctor") {
    const fs::path cleaned = folder.path() / "clean.tsv";
    const auto result = test::run_wav2vec({"doctor", manifest, "-o", cleaned});
    CHECK(result.exit_code == 3);
    const std::string written = test::read_bytes(cleaned);
    for (const BadFile& file : bad) {
      CAPTURE(file.name);
      CHECK(result.standard_output.find(file.name) != std::string::npos);
      CHECK(written.find(file.name) == std::string::npos);
    }
    for (const std::string& name : odd) CHECK(written.find(name + ".wav\t") != std::string::npos);
  }
  SUBCASE("pretrain") {
    const fs::path run = folder.path() / "run";
    const auto result = test::run_wav2vec(
        bench().pretrain(manifest, run, {"--valid", bench().manifest, "--set", "train.max_updates=20"}));
    INFO(result.standard_error);
    CHECK(result.exit_code == 3);
    CHECK(result.standard_output.find("left out: " + std::to_string(bad.size() + 1) + " inputs") !=
          std::string::npos);
    CHECK(count_lines_with(result, "failed: " + (audio / "missing.wav").string()) == 1);
    CHECK(fs::exists(run / "checkpoints" / "latest"));
    CHECK_FALSE(has_leftovers(run));
  }
}

TEST_CASE("bad manifests: one line that names the file, code 3, and no run folder") {
  const TemporaryFolder folder;
  const auto file = [&](const std::string& name, const std::string& text) {
    write_file(folder.path() / name, text);
    return (folder.path() / name).string();
  };
  const std::string root = bench().good.string();
  const Words manifests{file("empty.tsv", ""),
                        file("empty.jsonl", ""),
                        file("root-only.tsv", root + "\n"),
                        file("moved.tsv", "/no/such/folder\na.wav\t9000\n"),
                        file("long-line.tsv", std::string(100000, 'x') + "\n"),
                        file("negative.tsv", root + "\nutt0.wav\t-5\n"),
                        file("huge.tsv", root + "\nutt0.wav\t9223372036854775807\n"),
                        file("array.jsonl", "[1, 2]\n"),
                        file("torn.jsonl", "{\"audio\": \"x\n"),
                        file("control.tsv", "\x1b[31m\n\x1b\t1\n"),
                        (folder.path() / "missing.tsv").string()};
  for (const std::string& manifest : manifests) {
    check_fails({"doctor", manifest}, 3, {manifest});
    check_fails({"manifest", "--from", manifest, "-o", folder.path() / "out.tsv"}, 3, {manifest});
    check_fails(bench().pretrain(manifest, folder.path() / "run"), 3, {manifest});
    const auto inspected = test::run_wav2vec({"inspect", manifest});
    CHECK(inspected.exit_code == 3);
    CHECK(lines_of(inspected.standard_error).size() == 1);
    const auto extracted = test::run_wav2vec(bench().extract({manifest}, folder.path() / "features"));
    CHECK(extracted.exit_code == 3);
    CHECK(count_lines_with(extracted, "failed: " + manifest) == 1);
  }
  CHECK_FALSE(fs::exists(folder.path() / "run"));
  CHECK_FALSE(fs::exists(folder.path() / "out.tsv"));
}

TEST_CASE(
    "a manifest of unreadable files only: pretrain says the last reason, and a corrected try may follow") {
  const TemporaryFolder folder;
  write_file(folder.path() / "m.tsv", folder.path().string() + "\ngone.wav\t9000\n");
  const fs::path run = folder.path() / "run";
  check_fails(bench().pretrain(folder.path() / "m.tsv", run), 3, {"the last failure: ", "gone.wav"});
  CHECK(test::run_wav2vec(bench().pretrain(bench().manifest, run)).exit_code == 0);
}

TEST_CASE("a folder that cannot be written, a full disk: code 5, nothing half-written") {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "file";
  write_file(file, "x");
  const fs::path below = file / "out";
  check_fails({"manifest", bench().good, "-o", below}, 5, {file.string(), "; choose"});
  check_fails({"doctor", bench().manifest, "-o", below}, 5, {file.string(), "; choose"});
  check_fails(bench().extract({bench().good}, below), 5, {file.string(), "; choose"});
  check_fails(bench().pretrain(bench().manifest, below), 5, {file.string(), "; choose"});

  // A limit on file sizes stands for the full disk: it needs no mount.
  rlimit whole{};
  getrlimit(RLIMIT_FSIZE, &whole);
  const rlimit small{512, whole.rlim_max};
  REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  const auto extracted = test::run_wav2vec(
      {"-q", "extract", "--model", bench().run, "--out", folder.path() / "features", bench().good.string()});
  const auto trained = test::run_wav2vec({"-q", "pretrain", "--config", bench().recipe, "--train",
                                          bench().manifest, "--out", folder.path() / "run"});
  REQUIRE(setrlimit(RLIMIT_FSIZE, &whole) == 0);
  CHECK(extracted.exit_code == 5);
  CHECK(trained.exit_code == 5);
  CHECK_FALSE(has_leftovers(folder.path()));
}

TEST_CASE("wrong command lines: one printable line and code 2") {
  const TemporaryFolder folder;
  const Words none{};
  check_fails(none, 2, {"--help"});
  check_fails({"no\nsuch\x1b[31m"}, 2, {"no\\nsuch\\x1b[31m", "--help"});
  check_fails({"extract", "--model", "m", "--out", "o", "--format", "x\ny", "in"}, 2, {"--format"});
  check_fails({"manifest", bench().good, "-o", folder.path() / "a.tsv", "--valid", folder.path() / "b.tsv",
               "--valid-fraction", "nan"},
              2, {"--valid-fraction", "nan"});
  check_fails({"manifest", bench().good, "-o", folder.path() / "a.tsv", "--valid", folder.path() / "a.tsv"},
              2, {"different names"});
  check_fails({"manifest", bench().good, "-o", bench().good / "utt0.wav"}, 2, {"utt0.wav", "audio"});
  CHECK(test::read_bytes(bench().good / "utt0.wav").starts_with("RIFF"));
  check_fails(bench().pretrain(bench().manifest, bench().run), 2, {"--resume"});
  check_fails(bench().pretrain(bench().manifest, ""), 2, {"--out", "empty"});
  check_fails({"pretrain", "--resume", "--out", ""}, 2, {"--out", "empty"});
  check_fails(bench().extract({bench().good}, ""), 2, {"--out", "empty"});
  check_fails({"manifest", bench().good, "-o", ""}, 2, {"--output", "empty"});
  check_fails({"doctor", bench().manifest, "-o", ""}, 2, {"--output", "empty"});
  for (const char* seed : {"-1", "-18446744073709551615", "x", "1.5"})
    check_fails({"manifest", bench().good, "-o", folder.path() / "a.tsv", "--seed", seed}, 2,
                {"--seed", seed});
  check_fails({"pretrain", "--resume", "--out", folder.path() / "none"}, 2, {"recipe.toml", "--out"});
  const Words overrides{"nonsense",
                        "a.b=c",
                        "model.x=1",
                        "model.dropout=nan",
                        "model.encoder_channels=[1000000000, 8, 8, 8, 8]",
                        "model.encoder_strides=[1024, 1024, 1024, 1024, 1024]",
                        "data.batch_samples=1000000000000000000",
                        "train.accumulate_batches=1000000000000000000",
                        "train.keep_last=9223372036854775807",
                        "optim.learning_rate=inf"};
  for (const std::string& text : overrides)
    check_fails(bench().pretrain(bench().manifest, folder.path() / "run", {"--set", text}), 2, {});
  check_fails(bench().pretrain(bench().manifest, folder.path() / "run",
                               {"--set", "model.encoder_channels=[65536, 65536, 65536, 65536, 65536]"}),
              2, {"parameters", "lower"});
  for (const char* command : {"manifest", "doctor", "pretrain", "extract", "inspect", "text"})
    CHECK(test::run_wav2vec({command, "--help"}).standard_output.find("Example:\n") != std::string::npos);
}

TEST_CASE("models that are none: code 4 and the file's name, whatever they claim") {
  const TemporaryFolder folder;
  const std::string good =
      test::read_bytes(bench().run / "checkpoints" / "step_00000002" / "model.safetensors");
  REQUIRE(good.size() > 1000);
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string bytes = good;
    const size_t at = bytes.find(from);
    REQUIRE(at != std::string::npos);
    REQUIRE(from.size() == to.size());  // the header's length stays right
    return bytes.replace(at, from.size(), to);
  };
  const std::vector<std::pair<std::string, std::string>> models{
      {"empty", ""},
      {"garbage", std::string(5000, '\x9c')},
      {"torn", good.substr(0, good.size() - 9)},
      {"rate-0", with("\"sample_rate_hz\":\"16000\"", "\"sample_rate_hz\":\"00000\"")},
      {"absurd", with("encoder_channels = [8, 8, 8, 8, 8]", "encoder_channels = [8,8,65536,8,8]")},
      {"too-many", with("encoder_channels = [8, 8, 8, 8, 8]", "encoder_channels=[9,60000,65000,8]")}};
  for (const auto& [name, bytes] : models) {
    const fs::path path = folder.path() / (name + ".safetensors");
    test::write_bytes(path, bytes);
    check_fails({"extract", "--model", path, "--out", folder.path() / "out", bench().good}, 4,
                {path.string()});
    const auto result = test::run_wav2vec({"inspect", path});
    CHECK(result.exit_code == 3);
    CHECK(lines_of(result.standard_error).size() == 1);
  }
  CHECK_FALSE(fs::exists(folder.path() / "out"));
}

TEST_CASE("names: what a format cannot hold is left out, clashes name the file, folders may be empty") {
  const TemporaryFolder folder;
  const fs::path names = folder.path() / "names";
  fs::create_directories(names);
  for (const std::string name : {"good.wav", "line\nbreak.wav", "bad\xff.wav", "-dash.wav", "quo\"te'.wav"})
    test::write_audio(names / name, test::glide(5, 9000));
  const auto tsv = test::run_wav2vec({"manifest", names, "-o", folder.path() / "m.tsv"});
  CHECK(tsv.exit_code == 3);
  CHECK(count_lines_with(tsv, "line\\nbreak.wav: ") == 1);
  const auto jsonl = test::run_wav2vec({"manifest", names, "-o", folder.path() / "m.jsonl"});
  CHECK(jsonl.exit_code == 3);
  CHECK(count_lines_with(jsonl, "bad\\xff.wav: ") == 1);
  CHECK(lines_of(test::read_bytes(folder.path() / "m.jsonl")).size() == 4);

  fs::create_directories(folder.path() / "a");
  fs::create_directories(folder.path() / "empty");
  fs::copy(names / "good.wav", folder.path() / "a" / "good.wav");
  const auto extracted = test::run_wav2vec(
      bench().extract({names / "good.wav", folder.path() / "a" / "good.wav", folder.path() / "empty"},
                      folder.path() / "out"));
  CHECK(extracted.exit_code == 3);
  CHECK(count_lines_with(extracted, (folder.path() / "a" / "good.wav").string() + ": ") == 1);
  CHECK(count_lines_with(extracted, (folder.path() / "empty").string() + ": ") == 1);
}

TEST_CASE("ctrl-C during extract: what is there is whole, code 8") {
  const TemporaryFolder folder;
  const fs::path audio = folder.path() / "audio";
  fs::create_directories(audio);
  test::write_audio(audio / "0.wav", test::glide(6, 160000));
  for (int i = 1; i < 1500; ++i) fs::create_hard_link(audio / "0.wav", audio / (std::to_string(i) + ".wav"));
  for (const std::string format : {"npy", "ark"}) {
    const fs::path out = folder.path() / format;
    const auto result = test::run_wav2vec(bench().extract({audio}, out, format), 0.5, SIGINT);
    INFO(result.standard_error);
    CHECK(result.exit_code == 8);
    CHECK(fs::exists(out / "frames.json"));
    CHECK_FALSE(has_leftovers(out));
  }
}
