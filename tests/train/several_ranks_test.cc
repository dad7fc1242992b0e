// One run on several ranks: the same weights and records to the last bit, whoever computes what.

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

#include "support/captured_stderr.h"
#include "support/overflow.h"
#include "support/ranks.h"
#include "support/speech_like.h"
#include "support/temporary_folder.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/file.h"
#include "wav2vec/io/checkpoint.h"
#include "wav2vec/train/metrics.h"
#include "wav2vec/train/pretrainer.h"

using namespace wav2vec;
namespace fs = std::filesystem;

namespace {

// Four micro-batches of some utterances each; enough weights for many buckets.
PretrainRecipe tiny_recipe(const fs::path& manifest) {
  PretrainRecipe r;
  r.model.encoder_channels = {16, 16, 16, 16, 16};
  r.model.context_channels = {16, 16};
  r.model.context_kernels = {3, 3};
  r.model.dropout = 0.1;
  r.model.dropout_features = 0.1;
  r.objective.prediction_steps = 3;
  r.objective.negatives = 4;
  r.objective.cross_sample_negatives = 2;
  r.data.train = {manifest.string()};
  r.data.valid_fraction = 0.2;
  r.data.crop_samples = 9500;
  r.data.batch_samples = 20000;
  r.optim.learning_rate = 3e-3;
  r.optim.warmup_updates = 5;
  r.optim.clip_norm = 10.0;
  r.train.accumulate_batches = 4;
  r.train.max_updates = 8;
  r.train.log_every = 3;
  r.train.valid_every = 5;
  r.train.save_every = 3;
  r.distributed.bucket_mib = 1.0 / 64.0;
  r.distributed.timeout_seconds = 20.0;
  r.distributed.rank0_timeout_seconds = 60.0;
  return r;
}

PretrainOptions options(const fs::path& folder, bool resume = false) {
  return {.run_folder = folder, .resume = resume, .command_line = "test"};
}

PretrainResult run(int ranks, const PretrainRecipe& recipe, const fs::path& folder, bool resume = false,
                   int64_t stop_after = -1) {
  const CapturedStderr quiet;
  PretrainResult result;
  test::run_ranks_well(ranks, [&](Communicator& rank) {
    PretrainOptions mine = options(folder, resume);
    int64_t asked = 0;
    // The last rank is asked to stop, and all stop.
    if (rank.rank() + 1 == ranks) mine.stop_requested = [&] { return ++asked == stop_after; };
    const PretrainResult one = pretrain(recipe, mine, rank);
    if (rank.rank() == 0) result = one;
  });
  return result;
}

std::string weights(const fs::path& folder, int64_t update) {
  return read_file(CheckpointStore(folder).load(update).file("model.safetensors"), 1 << 26);
}

// Without what differs between any two runs: times and memory.
std::vector<std::string> records(const fs::path& folder) {
  const std::set<std::string> different{
      "audio_seconds_per_second", "loader_wait_share", "wall_seconds",         "peak_rss_mib", "ranks",
      "update_seconds",           "exchange_seconds",  "exchange_wait_seconds"};
  std::vector<std::string> out;
  for (const MetricsRecord& record : read_metrics(folder / "metrics.jsonl")) {
    std::string line = fmt::format("{} {} {}", record.update, record.split, record.text);
    for (const auto& [name, value] : record.values) {
      if (!different.contains(name)) line += fmt::format(" {}={}", name, value);
    }
    for (const auto& [name, values] : record.lists)
      line += fmt::format(" {}={}", name, fmt::join(values, ","));
    out.push_back(line);
  }
  return out;
}

}  // namespace

TEST_CASE("several ranks: 1, 2, 3 and 4 ranks end with the same bits") {
  const TemporaryFolder folder;
  const PretrainRecipe recipe = tiny_recipe(test::write_corpus(folder.path(), 24));
  run(1, recipe, folder.path() / "1");
  const std::string expected = weights(folder.path() / "1", 8);
  for (const int ranks : {2, 3, 4}) {
    CAPTURE(ranks);
    const fs::path other = folder.path() / std::to_string(ranks);
    CHECK(run(ranks, recipe, other).updates == 8);
    CHECK(weights(other, 8) == expected);
    CHECK(records(other) == records(folder.path() / "1"));
  }
}

TEST_CASE("several ranks: a sharded optimiser gives the same weights and checkpoints, for any resume") {
  const TemporaryFolder folder;
  PretrainRecipe recipe = tiny_recipe(test::write_corpus(folder.path(), 24));
  run(1, recipe, folder.path() / "whole");
  recipe.distributed.shard_optimizer = true;
  for (const int ranks : {2, 3, 4}) {
    const fs::path other = folder.path() / std::to_string(ranks);
    run(ranks, recipe, other);
    CHECK(weights(other, 8) == weights(folder.path() / "whole", 8));
    CHECK(records(other) == records(folder.path() / "whole"));
  }
  const fs::path parts = folder.path() / "parts";
  CHECK(run(2, recipe, parts, false, 2).interrupted);
  recipe.distributed.shard_optimizer = false;
  CHECK(run(3, recipe, parts, true, 2).updates == 4);
  recipe.distributed.shard_optimizer = true;
  CHECK(run(4, recipe, parts, true).updates == 8);
  CHECK(weights(parts, 8) == weights(folder.path() / "whole", 8));
}

TEST_CASE("several ranks: with two recordings per utterance, too") {
  const TemporaryFolder folder;
  PretrainRecipe recipe = tiny_recipe(test::write_corpus(folder.path(), 24));
  recipe.augment.apply_to = AugmentedPart::past;
  recipe.train.max_updates = 3;
  run(1, recipe, folder.path() / "1");
  run(4, recipe, folder.path() / "4");
  CHECK(weights(folder.path() / "4", 3) == weights(folder.path() / "1", 3));
}

TEST_CASE("several ranks: a run goes on with any other number of them") {
  const TemporaryFolder folder;
  const PretrainRecipe recipe = tiny_recipe(test::write_corpus(folder.path(), 24));
  run(1, recipe, folder.path() / "whole");
  const fs::path parts = folder.path() / "parts";
  CHECK(run(2, recipe, parts, false, 2).interrupted);
  CHECK(CheckpointStore(parts).updates().back() == 2);
  CHECK(run(4, recipe, parts, true, 2).updates == 4);
  CHECK(run(1, recipe, parts, true, 1).updates == 5);
  CHECK(run(3, recipe, parts, true).updates == 8);
  CHECK(weights(parts, 8) == weights(folder.path() / "whole", 8));
  CHECK(records(parts) == records(folder.path() / "whole"));
}

TEST_CASE(
    "several ranks: files that cannot be read leave micro-batches out, the same for any number of ranks") {
  const TemporaryFolder folder;
  const fs::path manifest = test::write_corpus(folder.path(), 24);
  PretrainRecipe recipe = tiny_recipe(manifest);
  recipe.data.valid = {manifest.string()};
  recipe.data.batch_samples = 9500;  // one utterance each
  std::string lines = read_file(manifest, 1 << 20);
  for (int i = 0; i < 9; ++i) lines += fmt::format("absent{}.wav\t9200\n", i);
  const fs::path broken = folder.path() / "broken.tsv";
  write_file(broken, lines);
  recipe.data.train = {broken.string()};
  const PretrainResult one = run(1, recipe, folder.path() / "1");
  CHECK(one.failures.size() >= 3);
  for (const int ranks : {2, 4}) {
    const fs::path other = folder.path() / std::to_string(ranks);
    const PretrainResult result = run(ranks, recipe, other);
    CHECK(std::set<std::string>(result.failures.begin(), result.failures.end()) ==
          std::set<std::string>(one.failures.begin(), one.failures.end()));
    CHECK(weights(other, 8) == weights(folder.path() / "1", 8));
    CHECK(records(other) == records(folder.path() / "1"));
  }
}

TEST_CASE(
    "several ranks: what is not finite on one of them is skipped by all, and all utterances are named") {
  const TemporaryFolder folder;
  const fs::path manifest = test::write_corpus_with_overflow(folder.path(), 11);
  PretrainRecipe recipe = tiny_recipe(manifest);
  recipe.data.valid = {(folder.path() / "train.tsv").string()};
  recipe.data.batch_samples = 9500;
  recipe.train.initial_model = test::write_steep_model(folder.path() / "steep.safetensors", recipe).string();
  run(1, recipe, folder.path() / "1");
  const std::string skipped = read_file(folder.path() / "1" / "skipped_updates.jsonl", 1 << 20);
  CHECK(skipped.find(test::kOverflowingUtterance) != std::string::npos);
  const auto times = std::count(skipped.begin(), skipped.end(), '\n');
  CHECK(times >= 2);  // in 8 updates of 4 of the 12 utterances
  CHECK(times < 8);
  for (const int ranks : {2, 4}) {
    const fs::path other = folder.path() / std::to_string(ranks);
    run(ranks, recipe, other);
    CHECK(read_file(other / "skipped_updates.jsonl", 1 << 20) == skipped);
    CHECK(weights(other, 8) == weights(folder.path() / "1", 8));
  }
}

TEST_CASE("several ranks: one that is gone is named, and what was done before is saved") {
  const TemporaryFolder folder;
  PretrainRecipe recipe = tiny_recipe(test::write_corpus(folder.path(), 24));
  recipe.data.valid_fraction = 0.0;
  recipe.train.save_every = 2;
  recipe.train.valid_every = 3;
  recipe.distributed.timeout_seconds = 2.0;
  run(1, recipe, folder.path() / "whole");
  for (const bool sharded : {false, true}) {
    CAPTURE(sharded);
    recipe.distributed.shard_optimizer = sharded;
    const fs::path lost = folder.path() / (sharded ? "sharded" : "lost");
    std::vector<std::exception_ptr> errors;
    {
      const CapturedStderr quiet;
      errors = test::run_ranks(2, [&](Communicator& rank) {
        PretrainOptions mine = options(lost);
        int64_t asked = 0;
        if (rank.rank() == 1) {
          mine.stop_requested = [&]() -> bool {
            if (++asked > 3) throw std::runtime_error("gone");
            return false;
          };
        }
        pretrain(recipe, mine, rank);
      });
    }
    REQUIRE(errors[0]);
    CHECK_THROWS_WITH_AS(std::rethrow_exception(errors[0]), doctest::Contains("heard nothing from rank 1"),
                         CommunicationError);
    // Update 3 has made a stop for a validation, but moments of others were there to be saved, not kept.
    CHECK(CheckpointStore(lost).updates() ==
          (sharded ? std::vector<int64_t>{2} : std::vector<int64_t>{2, 3}));
    CHECK(run(4, recipe, lost, true).updates == 8);
    CHECK(weights(lost, 8) == weights(folder.path() / "whole", 8));
  }
}

TEST_CASE("several ranks: other recipes or manifests on one of them are refused") {
  const TemporaryFolder folder;
  const TemporaryFolder other_folder;
  const PretrainRecipe recipe = tiny_recipe(test::write_corpus(folder.path(), 24));
  PretrainRecipe other_rate = recipe;
  other_rate.optim.learning_rate = 1e-3;
  PretrainRecipe other_corpus = recipe;
  other_corpus.data.train = {test::write_corpus(other_folder.path(), 23).string()};
  for (const PretrainRecipe& other : {other_rate, other_corpus}) {
    std::vector<std::exception_ptr> errors;
    {
      const CapturedStderr quiet;
      errors = test::run_ranks(2, [&](Communicator& rank) {
        pretrain(rank.rank() == 0 ? recipe : other, options(folder.path() / "run"), rank);
      });
    }
    for (const std::exception_ptr& error : errors) {
      REQUIRE(error);
      CHECK_THROWS_WITH_AS(std::rethrow_exception(error), doctest::Contains("rank 1 has another recipe"),
                           ConfigError);
    }
  }
  PretrainRecipe one_batch = recipe;
  one_batch.train.accumulate_batches = 1;
  const auto refused = test::run_ranks(
      2, [&](Communicator& rank) { pretrain(one_batch, options(folder.path() / "few"), rank); });
  REQUIRE(refused[0]);
  CHECK_THROWS_WITH_AS(std::rethrow_exception(refused[0]), doctest::Contains("fewer than the 2 ranks"),
                       ConfigError);
}
