// kill -9 at random moments, resume, and the weights equal those of the run that was left alone.

#include <doctest/doctest.h>

#include <tuple>

#include "support/command.h"
#include "support/speech_like.h"
#include "support/temporary_folder.h"
#include "wav2vec/core/file.h"
#include "wav2vec/io/checkpoint.h"
#include "wav2vec/train/metrics.h"

using namespace wav2vec;
namespace fs = std::filesystem;

namespace {

constexpr int64_t kUpdates = 60;

std::vector<std::string> arguments(const fs::path& corpus, const fs::path& run, bool resume) {
  const fs::path recipe = run.parent_path() / "tiny.toml";
  if (!fs::exists(recipe)) {
    write_file(recipe, R"([model]
encoder_channels = [8, 8, 8, 8, 8]
context_channels = [8, 8]
context_kernels = [3, 3]
dropout = 0.1
[data]
crop_samples = 9500
batch_samples = 40000
valid_fraction = 0.2
[optim]
learning_rate = 2e-3
warmup_updates = 10
[train]
max_updates = 60
log_every = 1
valid_every = 7
save_every = 2
keep_last = 1
)");
  }
  std::vector<std::string> words{"pretrain",      "--config", recipe.string(), "--train",
                                 corpus.string(), "--out",    run.string()};
  if (resume) words.emplace_back("--resume");
  return words;
}

std::string weights(const fs::path& run) {
  return read_file(CheckpointStore(run).load(kUpdates).file("model.safetensors"), 1 << 26);
}

// Update, split and loss (or alarm) of every record: a killed run must show no gap, no repeat and no other
// number.
std::vector<std::tuple<int64_t, std::string, double, std::string>> measurements(const fs::path& run) {
  std::vector<std::tuple<int64_t, std::string, double, std::string>> out;
  for (const MetricsRecord& record : read_metrics(run / "metrics.jsonl")) {
    out.emplace_back(record.update, record.split, record.values.empty() ? 0.0 : record.values.front().second,
                     record.text);
  }
  return out;
}

}  // namespace

TEST_CASE("pretrain: kill -9 at 20 random moments, resume, same weights to the bit") {
  const TemporaryFolder folder;
  const fs::path corpus = test::write_corpus(folder.path(), 24);
  REQUIRE(test::run_wav2vec(arguments(corpus, folder.path() / "whole", false)).exit_code == 0);
  const std::string expected = weights(folder.path() / "whole");

  const fs::path run = folder.path() / "killed";
  const RandomStream random(2026, RandomUse::crop, {1});
  int kills = 0;
  int finished = 0;
  for (uint64_t attempt = 0; attempt < 200 && kills < 20; ++attempt) {
    CAPTURE(attempt);
    const auto result = test::run_wav2vec(arguments(corpus, run, true), 0.02 + 0.5 * random.uniform(attempt));
    if (result.exit_code == 128 + SIGKILL) {
      ++kills;
      continue;
    }
    INFO(result.standard_error);
    REQUIRE(result.exit_code == 0);
    CHECK(weights(run) == expected);
    ++finished;
    fs::remove_all(run);
  }
  CHECK(kills == 20);
  INFO(finished);
  const auto last = test::run_wav2vec(arguments(corpus, run, true));
  INFO(last.standard_error);
  REQUIRE(last.exit_code == 0);
  CHECK(weights(run) == expected);
  CHECK(measurements(run) == measurements(folder.path() / "whole"));
}

TEST_CASE("pretrain: SIGINT and SIGTERM save and exit with code 8") {
  for (const int signal : {SIGINT, SIGTERM}) {
    const TemporaryFolder folder;
    const fs::path corpus = test::write_corpus(folder.path(), 24);
    auto words = arguments(corpus, folder.path() / "run", false);
    words.insert(words.end(), {"--set", "train.max_updates=100000", "--set", "train.save_every=100000",
                               "--set", "train.valid_every=100000"});
    const auto result = test::run_wav2vec(words, 1.5, signal);
    INFO(result.standard_error);
    CHECK(result.exit_code == 8);
    CHECK(result.standard_error.find("stopping after this update and saving") != std::string::npos);
    CHECK(result.standard_error.find("--resume") != std::string::npos);
    CHECK(CheckpointStore(folder.path() / "run").load_newest().has_value());
  }
}
