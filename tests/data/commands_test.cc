// The commands manifest and doctor as a user meets them: exit codes and files.

#include <doctest/doctest.h>
#include <sys/wait.h>

#include <nlohmann/json.hpp>

#include "support/audio_files.h"
#include "support/temporary_folder.h"
#include "wav2vec/core/exit_code.h"
#include "wav2vec/data/manifest.h"

using namespace wav2vec;
using namespace wav2vec::test;
namespace fs = std::filesystem;

namespace {

struct Result {
  ExitCode code;
  std::string output;
  std::string errors;
};

Result run(const fs::path& folder, const std::string& arguments) {
  const std::string command = "cd '" + folder.string() + "' && '" W2V_CLI "' " + arguments + " >.out 2>.err";
  const int status = std::system(command.c_str());
  return {static_cast<ExitCode>(WEXITSTATUS(status)), read_bytes(folder / ".out"),
          read_bytes(folder / ".err")};
}

}  // namespace

TEST_CASE("manifest lists, splits and converts, doctor cleans, the exit codes tell what happened") {
  const TemporaryFolder temporary;
  const fs::path folder = temporary.path();
  for (const char* speaker : {"anna", "ben", "carl"}) {
    fs::create_directories(folder / "audio" / speaker);
    for (uint64_t i = 0; i < 3; ++i)
      write_audio(folder / "audio" / speaker / (std::to_string(i) + ".wav"),
                  noise(8000, i + 10 * static_cast<uint64_t>(speaker[0])));
  }
  Result result = run(
      folder, "manifest audio -o train.jsonl --valid valid.jsonl --valid-fraction 0.3 --speaker-from parent");
  CHECK(result.code == ExitCode::ok);
  CHECK(result.output.find("6 utterances") != std::string::npos);
  CHECK(read_manifest(folder / "valid.jsonl").utterances.size() == 3);

  CHECK(run(folder, "manifest --from train.jsonl -o train.tsv").code == ExitCode::ok);
  CHECK(read_manifest(folder / "train.tsv").known_samples() == 6 * 8000);
  CHECK(run(folder, "doctor train.tsv -o clean.tsv").code == ExitCode::ok);
  CHECK(read_bytes(folder / "clean.tsv") == read_bytes(folder / "train.tsv"));

  write_audio(folder / "audio/anna/silent.wav", std::vector<float>(8000, 0.0F));
  write_bytes(folder / "audio/anna/broken.wav", "RIFF");
  result = run(folder, "manifest audio -o all.tsv");
  CHECK(result.code == ExitCode::some_inputs_failed);
  CHECK(result.errors.find("broken.wav") != std::string::npos);
  CHECK(result.output.find("10 utterances") != std::string::npos);
  CHECK(result.output.find("skipped: 1 inputs") != std::string::npos);
  CHECK(result.output.find("doctor will not see them") != std::string::npos);

  result = run(folder, "doctor all.tsv --json -o clean.tsv");
  CHECK(result.code == ExitCode::problems_found);
  const auto report = nlohmann::json::parse(result.output);
  CHECK(report["counts"]["silent"] == 1);
  CHECK(report["findings"].size() == 1);
  CHECK(read_manifest(folder / "clean.tsv").utterances.size() == 9);

  fs::remove(folder / "audio/ben/1.wav");
  result = run(folder, "doctor all.tsv");
  CHECK(result.code == ExitCode::some_inputs_failed);
  CHECK(result.output.find("unreadable") != std::string::npos);
}

TEST_CASE("wrong use is told in one line and writes nothing") {
  const TemporaryFolder temporary;
  const fs::path folder = temporary.path();
  CHECK(run(folder, "manifest -o x.tsv").code == ExitCode::usage);
  CHECK(run(folder, "manifest . -o x.tsv").code == ExitCode::some_inputs_failed);
  CHECK(run(folder, "manifest missing -o x.tsv").code == ExitCode::some_inputs_failed);
  CHECK(run(folder, "doctor missing.tsv").code == ExitCode::some_inputs_failed);
  CHECK(!fs::exists(folder / "x.tsv"));
  write_audio(folder / "a.wav", noise(8000, 1));
  const Result result = run(folder, "manifest a.wav -o /proc/none/x.tsv");
  CHECK(result.code == ExitCode::disk);
  CHECK(std::count(result.errors.begin(), result.errors.end(), '\n') == 1);
}
