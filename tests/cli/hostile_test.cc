// What nobody does by intent: closed streams, pipes for files, links that lead nowhere.

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cstdlib>

#include "support/audio_files.h"
#include "support/command.h"
#include "support/model_files.h"
#include "support/network.h"
#include "support/temporary_folder.h"
#include "wav2vec/core/file.h"

using namespace wav2vec;
namespace fs = std::filesystem;
using Words = std::vector<std::string>;

namespace {

/// Exit code of `wav2vec words` with redirections, as a shell runs it; stderr goes to `errors`.
int run_in_shell(const std::string& words, const fs::path& errors) {
  const int status = std::system(fmt::format("{} {} 2>{}", W2V_CLI, words, errors.string()).c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

test::CommandResult run(const Words& words) {
  test::CommandResult result = test::run_wav2vec(words, 60.0);
  CAPTURE(words);
  CAPTURE(result.standard_error);
  CHECK(result.exit_code != 128 + SIGKILL);  // it did not hang
  CHECK(result.exit_code != 70);
  return result;
}

Words fbank(const fs::path& out, const Words& more) {
  Words words{"extract", "--features", "fbank", "--out", out};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

}  // namespace

TEST_CASE("a closed standard output is a disk that refuses, unless nothing is printed") {
  const TemporaryFolder folder;
  const fs::path wav = folder.path() / "a.wav";
  const fs::path errors = folder.path() / "errors";
  test::write_audio(wav, test::noise(16000, 1));
  for (const std::string& words :
       {"inspect " + wav.string(), "inspect --json " + wav.string(),
        fmt::format("extract --features fbank --format npy --out - {}", wav.string()), std::string("--help"),
        std::string("--version")}) {
    CAPTURE(words);
    CHECK(run_in_shell(words + " >&-", errors) == 5);
    CHECK(read_file(errors, 1 << 16).find("wav2vec: standard output: cannot write") != std::string::npos);
    CHECK(run_in_shell(words + " <&- >/dev/null", errors) == 0);
  }
  CHECK(run_in_shell("no-such-command >&-", errors) == 2);
}

TEST_CASE("pipes, devices, loops and absurd names in the place of files are refused at once") {
  const TemporaryFolder folder;
  const fs::path wav = folder.path() / "a.wav";
  const fs::path pipe = folder.path() / "pipe";
  const fs::path loop = folder.path() / "loop";
  test::write_audio(wav, test::noise(16000, 1));
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  fs::create_symlink("loop", loop);
  const fs::path out = folder.path() / "out";
  for (const std::string& bad :
       {pipe.string(), loop.string(), std::string("/dev/zero"), std::string(5000, 'x')}) {
    CAPTURE(bad);
    CHECK(run({"inspect", bad}).exit_code == 3);
    CHECK(run({"convert", bad, folder.path() / "x.pt"}).exit_code == 3);
    CHECK(run({"doctor", bad}).exit_code != 0);
    CHECK(run({"manifest", bad, "--output", folder.path() / "m"}).exit_code != 0);
    CHECK(run({"extract", "--model", bad, "--out", out, wav}).exit_code == 4);
    CHECK(run(fbank(out, {bad})).exit_code == 3);
    CHECK(run(fbank(out, {"--list", bad})).exit_code == 3);
    CHECK(run(fbank(out, {"--cmvn", "global", "--cmvn-stats", bad, wav})).exit_code == 3);
    CHECK(run({"pretrain", "--train", bad, "--out", folder.path() / "run"}).exit_code != 0);
    CHECK(run({"pretrain", "--config", bad, "--train", wav, "--out", folder.path() / "run"}).exit_code != 0);
    if (bad == loop.string()) CHECK(run(fbank(bad, {wav})).exit_code == 5);
    if (bad.size() == 5000) CHECK(run(fbank(folder.path() / bad, {wav})).exit_code == 5);
  }
  CHECK_FALSE(fs::exists(out / "pipe.npy"));
}

TEST_CASE("a NUL byte in a list of names is refused, not taken for the end of the name") {
  const TemporaryFolder folder;
  test::write_audio(folder.path() / "a.wav", test::noise(16000, 1));
  const fs::path list = folder.path() / "list";
  const fs::path errors = folder.path() / "errors";
  write_file(list, (folder.path() / "a.wav").string() + std::string("\0.flac\n", 7));
  CHECK(run(fbank(folder.path() / "out", {"--list", list})).exit_code == 3);
  CHECK(run_in_shell(fmt::format("extract --features fbank --out {} --list - <{}",
                                 (folder.path() / "out").string(), list.string()),
                     errors) == 3);
  CHECK(read_file(errors, 1 << 16).find("a NUL byte in a path") != std::string::npos);
  CHECK(run_in_shell(fmt::format("extract --features fbank --out {} --list - </dev/zero",
                                 (folder.path() / "out").string()),
                     errors) == 3);
  CHECK_FALSE(fs::exists(folder.path() / "out/a.npy"));
  CHECK(run(fbank(folder.path() / "out", {"--memory-gib", "nan", folder.path() / "a.wav"})).exit_code == 2);
}

TEST_CASE("extract leaves temporaries of others alone and removes its own") {
  const TemporaryFolder folder;
  test::write_audio(folder.path() / "a.wav", test::noise(16000, 1));
  const fs::path out = folder.path() / "out";
  fs::create_directories(out / "mine");
  const pid_t dead = ::fork();
  if (dead == 0) ::_exit(0);
  REQUIRE(::waitpid(dead, nullptr, 0) == dead);
  const std::string tail = fmt::format(".tmp-{}-1", dead);
  for (const char* name : {"notes", "mine/a.npy", "b.npy", "a.npy"}) write_file(out / (name + tail), "x");
  CHECK(run(fbank(out, {folder.path() / "a.wav"})).exit_code == 0);
  for (const char* name : {"notes", "mine/a.npy", "b.npy"}) CHECK(fs::exists(out / (name + tail)));
  CHECK_FALSE(fs::exists(out / ("a.npy" + tail)));
  CHECK(fs::exists(out / "a.npy"));
}

TEST_CASE("convert: a signal leaves a whole file or none") {
  const TemporaryFolder folder;
  ModelConfig config;
  config.encoder_channels = {512, 512, 512, 512, 512};
  config.context_channels = {512, 512, 512, 512, 512, 512};
  config.context_kernels = {3, 3, 3, 3, 3, 3};
  test::Network network(config, {});
  const test::CheckpointTensors saved(network);
  const fs::path model = folder.path() / "model.safetensors";
  write_model_file(model, {.model = config, .objective = {}}, saved.tensors);
  for (const char* name : {"a.safetensors", "a.pt", "a.onnx"}) {
    for (int i = 0; i < 12; ++i) {
      const fs::path out = folder.path() / "out" / name;
      const auto result =
          test::run_wav2vec({"convert", "--force", model, out}, 0.015 * i, i % 2 == 0 ? SIGINT : SIGTERM);
      CAPTURE(result.standard_error);
      // Before the program has looked at its command line the signal ends it.
      CHECK((result.exit_code == 0 || result.exit_code == 8 || result.exit_code == 128 + SIGINT ||
             result.exit_code == 128 + SIGTERM));
      if (!fs::exists(out.parent_path())) continue;
      for (const auto& entry : fs::directory_iterator(out.parent_path()))
        CHECK(entry.path().string().find(".tmp-") == std::string::npos);
      if (result.exit_code == 0) REQUIRE(fs::exists(out));
    }
    fs::remove_all(folder.path() / "out");
  }
}
