// `mpirun -n N wav2vec pretrain …` as a user starts it: the same bits, and every failure ends the job with a
// cause and a checkpoint to go on from.

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <iostream>
#include <optional>
#include <thread>

#include "support/ark_matrices.h"
#include "support/command.h"
#include "support/overflow.h"
#include "support/speech_like.h"
#include "support/temporary_folder.h"
#include "wav2vec/config/pretrain_recipe.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/file.h"
#include "wav2vec/io/checkpoint.h"

using namespace wav2vec;
namespace fs = std::filesystem;

namespace {

constexpr int64_t kUpdates = 12;

// Told by both: Open MPI's settings, and those of MPICH. Without shared memory between ranks a limit on the
// size of files meets only ours. A program with MPI but without a working mpirun is an error, not a reason to
// skip.
bool can_run() {
  if (std::string_view(W2V_MPIEXEC).empty()) {
    std::cout << "SKIPPED, nothing was checked: built without MPI\n";
    return false;
  }
  for (const char* setting :
       {"OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1", "OMPI_MCA_rmaps_base_oversubscribe=1",
        "OMPI_MCA_btl=tcp,self", "OMPI_MCA_hwloc_base_binding_policy=none", "MPIR_CVAR_NOLOCAL=1",
        "UCX_TLS=tcp,self"}) {
    const char* const equals = std::strchr(setting, '=');
    ::setenv(std::string(setting, equals).c_str(), equals + 1, 1);
  }
  return true;
}

std::vector<std::string> arguments(const fs::path& corpus, const fs::path& run,
                                   const std::vector<std::string>& settings = {}) {
  const fs::path recipe = corpus.parent_path() / "tiny.toml";
  if (!fs::exists(recipe)) {
    write_file(recipe, R"([model]
encoder_channels = [16, 16, 16, 16, 16]
context_channels = [16, 16]
context_kernels = [3, 3]
dropout = 0.1
[data]
crop_samples = 9500
batch_samples = 10000
valid_fraction = 0.2
[optim]
learning_rate = 2e-3
warmup_updates = 10
[train]
accumulate_batches = 4
max_updates = 12
log_every = 1
valid_every = 7
save_every = 5
[distributed]
bucket_mib = 0.0625
timeout_seconds = 60
)");
  }
  std::vector<std::string> words{"--threads",     "1",       "pretrain",      "--resume", "--config",
                                 recipe.string(), "--train", corpus.string(), "--out",    run.string()};
  for (const std::string& setting : settings) words.insert(words.end(), {"--set", setting});
  return words;
}

std::vector<std::string> under_mpirun(int ranks, const std::vector<std::string>& words) {
  std::vector<std::string> all{"-n", std::to_string(ranks), W2V_CLI};
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

std::string weights(const fs::path& run, int64_t update = kUpdates) {
  return read_file(CheckpointStore(run).load(update).file("model.safetensors"), 1 << 26);
}

int64_t updates_logged(const fs::path& run) {
  std::error_code ignored;
  if (!fs::exists(run / "metrics.jsonl", ignored)) return 0;
  const std::string text = read_file(run / "metrics.jsonl", 1 << 26);
  return std::count(text.begin(), text.end(), '\n');
}

// The process of this rank that works on `run`, the launcher itself for kLauncher; both launchers tell the
// rank by an environment variable.
constexpr int kLauncher = -1;

std::optional<pid_t> process_of_rank(const fs::path& run, int rank) {
  const auto bytes = [](const fs::path& path) {
    std::FILE* file = std::fopen(path.c_str(), "rb");
    std::string text(1 << 20, '\0');
    text.resize(file == nullptr ? 0 : std::fread(text.data(), 1, text.size(), file));
    if (file != nullptr) std::fclose(file);
    return '\0' + text;
  };
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    if (bytes(entry.path() / "cmdline").find('\0' + run.string() + '\0') == std::string::npos) continue;
    const std::string environment = bytes(entry.path() / "environ");
    bool is_rank = false;
    for (const char* variable : {"OMPI_COMM_WORLD_RANK", "PMI_RANK"}) {
      is_rank = is_rank || environment.find(fmt::format("{}{}=", '\0', variable)) != std::string::npos;
      if (environment.find(fmt::format("{0}{1}={2}{0}", '\0', variable, rank)) != std::string::npos)
        return std::stoi(name);
    }
    if (rank == kLauncher && !is_rank) return std::stoi(name);
  }
  return std::nullopt;
}

// Runs two ranks and sends `signal` to one of them, or to the launcher, when some updates are done.
test::CommandResult run_and_signal(const fs::path& corpus, const fs::path& run, int rank, int signal,
                                   const std::vector<std::string>& settings) {
  test::CommandResult result;
  std::thread job(
      [&] { result = test::run_program(W2V_MPIEXEC, under_mpirun(2, arguments(corpus, run, settings))); });
  bool sent = false;
  for (int i = 0; i < 6000 && !sent; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    if (updates_logged(run) < 3) continue;
    if (const auto process = process_of_rank(run, rank)) sent = ::kill(*process, signal) == 0;
  }
  job.join();
  CHECK(sent);
  return result;
}

// Of constant rate, so that the number of updates changes no bit of those before.
const std::vector<std::string> kEndless{"train.max_updates=1000000", "train.save_every=1000000",
                                        "train.valid_every=1000000", "optim.schedule=constant"};

// A checkpoint is there, and a run of one rank goes on from it, with the bits of one that nothing happened
// to.
void check_that_it_goes_on(const fs::path& corpus, const fs::path& run) {
  const std::vector<int64_t> saved = CheckpointStore(run).updates();
  REQUIRE_FALSE(saved.empty());
  const int64_t next = saved.back() + 1;
  std::vector<std::string> settings = kEndless;
  settings.push_back(fmt::format("train.max_updates={}", next));
  const auto result = test::run_wav2vec(arguments(corpus, run, settings));
  INFO(result.standard_error);
  CHECK(result.exit_code == 0);
  CHECK(result.standard_error.find(fmt::format("resuming at update {}", saved.back())) != std::string::npos);
  const fs::path whole = run.parent_path() / "whole";
  REQUIRE(test::run_wav2vec(arguments(corpus, whole, settings)).exit_code == 0);
  CHECK(weights(run, next) == weights(whole, next));
}

}  // namespace

TEST_CASE("mpirun: 1, 2 and 4 ranks end with the same bits") {
  if (!can_run()) return;
  const TemporaryFolder folder;
  const fs::path corpus = test::write_corpus(folder.path(), 24);
  REQUIRE(test::run_wav2vec(arguments(corpus, folder.path() / "alone")).exit_code == 0);
  const std::string expected = weights(folder.path() / "alone");
  for (const int ranks : {1, 2, 4}) {
    CAPTURE(ranks);
    const fs::path run = folder.path() / std::to_string(ranks);
    const auto result = test::run_program(W2V_MPIEXEC, under_mpirun(ranks, arguments(corpus, run)));
    INFO(result.standard_error);
    REQUIRE(result.exit_code == 0);
    CHECK(weights(run) == expected);
    // Only rank 0 speaks.
    CHECK(result.standard_output.find("12 updates") == result.standard_output.rfind("12 updates"));
    CHECK(result.standard_error.find("Parameters") == result.standard_error.rfind("Parameters"));
  }
}

TEST_CASE("mpirun: stopped by SIGUSR1 on one rank, a run goes on with another number of ranks") {
  if (!can_run()) return;
  const TemporaryFolder folder;
  const fs::path corpus = test::write_corpus(folder.path(), 24);
  const fs::path run = folder.path() / "run";
  const auto stopped = run_and_signal(corpus, run, 1, SIGUSR1, kEndless);
  INFO(stopped.standard_error);
  CHECK(stopped.exit_code == 8);
  std::vector<std::string> settings = kEndless;
  settings.push_back(fmt::format("train.max_updates={}", CheckpointStore(run).updates().back() + 2));
  const auto result = test::run_program(W2V_MPIEXEC, under_mpirun(4, arguments(corpus, run, settings)));
  INFO(result.standard_error);
  CHECK(result.exit_code == 0);
  check_that_it_goes_on(corpus, run);
}

TEST_CASE("mpirun: Ctrl-C leaves a checkpoint to go on from") {
  if (!can_run()) return;
  const TemporaryFolder folder;
  const fs::path corpus = test::write_corpus(folder.path(), 24);
  const fs::path run = folder.path() / "run";
  std::vector<std::string> settings = kEndless;
  settings.emplace_back("train.save_every=2");
  const auto result = run_and_signal(corpus, run, kLauncher, SIGINT, settings);
  INFO(result.standard_error);
  CHECK(result.exit_code != 0);
  check_that_it_goes_on(corpus, run);
}

TEST_CASE("mpirun: a rank that is killed ends the job, and a checkpoint is there") {
  if (!can_run()) return;
  const TemporaryFolder folder;
  const fs::path corpus = test::write_corpus(folder.path(), 24);
  const fs::path run = folder.path() / "run";
  std::vector<std::string> settings = kEndless;
  settings.emplace_back("train.save_every=2");
  const auto result = run_and_signal(corpus, run, 1, SIGKILL, settings);
  INFO(result.standard_output);
  INFO(result.standard_error);
  CHECK(result.exit_code != 0);
  // The launchers' own words: Open MPI on stderr, MPICH on stdout.
  const std::string said = result.standard_error + result.standard_output;
  CHECK((said.find("exited on signal 9") != std::string::npos ||
         said.find("KILLED BY SIGNAL: 9") != std::string::npos ||
         said.find("EXIT CODE: 9") != std::string::npos));
  check_that_it_goes_on(corpus, run);
}

TEST_CASE("mpirun: a rank that hangs is named, the last update is saved, the job ends with code 9") {
  if (!can_run()) return;
  const TemporaryFolder folder;
  const fs::path corpus = test::write_corpus(folder.path(), 24);
  const fs::path run = folder.path() / "run";
  std::vector<std::string> settings = kEndless;
  settings.emplace_back("distributed.timeout_seconds=2");
  const auto result = run_and_signal(corpus, run, 1, SIGSTOP, settings);
  INFO(result.standard_error);
  CHECK(result.exit_code == 9);
  CHECK(result.standard_error.find("rank 0 heard nothing from rank 1 for 2 s") != std::string::npos);
  CHECK(result.standard_error.find("is saved") != std::string::npos);
  check_that_it_goes_on(corpus, run);
}

TEST_CASE("mpirun: a full disk on rank 0 ends the job with code 5, and the checkpoint before is whole") {
  if (!can_run()) return;
  const TemporaryFolder folder;
  const fs::path corpus = test::write_corpus(folder.path(), 24);
  const fs::path run = folder.path() / "run";
  REQUIRE(test::run_wav2vec(arguments(corpus, run, {"train.max_updates=3"})).exit_code == 0);
  std::vector<std::string> words{"-n", "2", "sh", "-c", "ulimit -f 40; exec \"$0\" \"$@\"", W2V_CLI};
  for (const std::string& word : arguments(corpus, run)) words.push_back(word);
  const auto result = test::run_program(W2V_MPIEXEC, words);
  INFO(result.standard_error);
  CHECK(result.exit_code == 5);
  CHECK(result.standard_error.find("safetensors") != std::string::npos);
  CHECK(CheckpointStore(run).load_newest()->update == 3);
  CHECK(test::run_wav2vec(arguments(corpus, run)).exit_code == 0);
}

TEST_CASE("mpirun: what is not finite on one rank is skipped by all") {
  if (!can_run()) return;
  const TemporaryFolder folder;
  const fs::path corpus = test::write_corpus_with_overflow(folder.path(), 11);
  arguments(corpus, folder.path());  // writes the recipe
  PretrainRecipe recipe;
  read_recipe(folder.path() / "tiny.toml", recipe.sections());
  const std::vector<std::string> settings{
      "data.batch_samples=9500", fmt::format("data.valid=[\"{}\"]", (folder.path() / "train.tsv").string()),
      fmt::format("train.initial_model={}",
                  test::write_steep_model(folder.path() / "steep.safetensors", recipe).string())};
  const fs::path alone = folder.path() / "alone";
  const auto expected = test::run_wav2vec(arguments(corpus, alone, settings));
  INFO(expected.standard_error);
  REQUIRE(expected.exit_code == 0);
  const std::string skipped = read_file(alone / "skipped_updates.jsonl", 1 << 20);
  CHECK(skipped.find(test::kOverflowingUtterance) != std::string::npos);
  const fs::path run = folder.path() / "run";
  const auto result = test::run_program(W2V_MPIEXEC, under_mpirun(2, arguments(corpus, run, settings)));
  INFO(result.standard_error);
  CHECK(result.exit_code == 0);
  CHECK(read_file(run / "skipped_updates.jsonl", 1 << 20) == skipped);
  CHECK(weights(run) == weights(alone));
}

TEST_CASE("mpirun: what all ranks find wrong is said once, and ends the job with its code") {
  if (!can_run()) return;
  const TemporaryFolder folder;
  const fs::path corpus = test::write_corpus(folder.path(), 24);
  const auto result = test::run_program(
      W2V_MPIEXEC, under_mpirun(2, arguments(corpus, folder.path() / "run", {"train.accumulate_batches=1"})));
  INFO(result.standard_error);
  CHECK(result.exit_code == 2);
  const size_t at = result.standard_error.find("fewer than the 2 ranks");
  CHECK(at != std::string::npos);
  CHECK(result.standard_error.find("fewer than the 2 ranks", at + 1) == std::string::npos);
}

TEST_CASE("mpirun: each rank of extract is a shard, and merge makes the archive of one process") {
  if (!can_run()) return;
  const TemporaryFolder folder;
  const fs::path corpus = test::write_corpus(folder.path(), 5);
  const auto extract = [&](const std::string& out) {
    return std::vector<std::string>{"extract", "--features",        "fbank",        "--format", "ark",
                                    "--out",   folder.path() / out, corpus.string()};
  };
  REQUIRE(test::run_wav2vec(extract("whole")).exit_code == 0);
  // A second run does nothing anew.
  for (int run = 0; run < 2; ++run) {
    const auto result = test::run_program(W2V_MPIEXEC, under_mpirun(2, extract("parts")));
    INFO(result.standard_error);
    REQUIRE(result.exit_code == 0);
  }
  CHECK(fs::exists(folder.path() / "parts" / "feats.2of2.ark"));
  REQUIRE(test::run_wav2vec({"merge", folder.path() / "parts"}).exit_code == 0);
  CHECK(test::ark_matrices(folder.path() / "parts" / "feats.ark") ==
        test::ark_matrices(folder.path() / "whole" / "feats.ark"));
}
