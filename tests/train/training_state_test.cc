// The training state comes back whole, and one of an older version can still be read.

#include "wav2vec/train/training_state.h"

#include <doctest/doctest.h>

#include "support/temporary_folder.h"
#include "support/tiny_recipe.h"
#include "wav2vec/core/error.h"
#include "wav2vec/io/safetensors.h"

using namespace wav2vec;

namespace {

LogState some_log() {
  LogState log;
  log.interval = {.sums = {.loss_nats = 1.5,
                           .positives = 20,
                           .labels = 30,
                           .positives_per_step = {12, 8},
                           .hits_per_step = {3, 1}},
                  .gradient_norm = 2.5,
                  .learning_rate = 1e-3,
                  .audio_seconds = 9.0,
                  .compute_seconds = 3.0,
                  .wait_seconds = 0.25};
  log.interval_updates = 3;
  log.loss_outliers = {.seen = 70, .mean = 4.5, .variance = 0.01};
  log.norm_outliers = {.seen = 71, .mean = -0.5, .variance = 0.02};
  log.collapse = {.told = 5, .at_chance_since = std::nullopt, .at_prior_since = 0};
  return log;
}

/// Writes the state file again with the same training, with or without the log's part.
void rewrite_state(const Checkpoint& checkpoint, bool with_log, std::vector<int64_t> steps_shape = {2, 2}) {
  SafetensorsFile file = SafetensorsFile::open(checkpoint.file("state.safetensors"));
  std::vector<uint64_t> counters(8), counts(8);
  std::vector<double> measures(3), log_measures(10);
  std::vector<int64_t> steps(4);
  const auto size = static_cast<size_t>(file.find("adam.first_moment")->count());
  std::vector<float> first(size), second(size);
  file.read("counters", counters);
  file.read("measures", measures);
  file.read_f32("adam.first_moment", first);
  file.read_f32("adam.second_moment", second);
  const std::vector<int64_t> flat{static_cast<int64_t>(size)};
  std::vector<TensorToWrite> tensors{{"counters", {8}, std::span<const uint64_t>(counters)},
                                     {"measures", {3}, std::span<const double>(measures)},
                                     {"adam.first_moment", flat, std::span<const float>(first)},
                                     {"adam.second_moment", flat, std::span<const float>(second)}};
  if (with_log) {
    tensors.push_back({"log.counts", {8}, std::span<const uint64_t>(counts)});
    tensors.push_back({"log.measures", {10}, std::span<const double>(log_measures)});
    tensors.push_back({"log.steps", steps_shape, std::span<const int64_t>(steps)});
  }
  write_safetensors(checkpoint.file("state.safetensors"), tensors, {{"format", "wav2vec-training-state-1"}});
}

}  // namespace

TEST_CASE("training state: what the log carries over comes back, and may be missing") {
  const TemporaryFolder folder;
  const PretrainRecipe recipe = test::tiny_recipe();
  const PretrainingNetwork network(recipe.model, recipe.objective);
  CheckpointStore store(folder.path());
  TrainingState state(network.layout);
  state.update = 7;
  state.log = some_log();
  save_state(store, model_file_info(recipe), state);
  const Checkpoint checkpoint = store.load(7);

  TrainingState read(network.layout);
  load_state(checkpoint, read);
  const LogState& log = read.log;
  CHECK(log.interval_updates == 3);
  CHECK(log.interval.sums.loss_nats == 1.5);
  CHECK(log.interval.sums.positives == 20);
  CHECK(log.interval.sums.labels == 30);
  CHECK(log.interval.sums.positives_per_step == std::vector<int64_t>{12, 8});
  CHECK(log.interval.sums.hits_per_step == std::vector<int64_t>{3, 1});
  CHECK(log.interval.gradient_norm == 2.5);
  CHECK(log.interval.learning_rate == 1e-3);
  CHECK(log.interval.audio_seconds == 9.0);
  CHECK(log.interval.compute_seconds == 3.0);
  CHECK(log.interval.wait_seconds == 0.25);
  CHECK(log.loss_outliers.seen == 70);
  CHECK(log.loss_outliers.mean == 4.5);
  CHECK(log.norm_outliers.seen == 71);
  CHECK(log.norm_outliers.variance == 0.02);
  CHECK(log.collapse.told == 5);
  CHECK_FALSE(log.collapse.at_chance_since.has_value());
  CHECK(log.collapse.at_prior_since == 0);

  rewrite_state(checkpoint, /*with_log=*/false);
  load_state(checkpoint, read);
  CHECK(read.update == 7);
  CHECK(read.log.interval_updates == 0);
  CHECK(read.log.loss_outliers.seen == 0);
  CHECK(read.log.interval.sums.positives_per_step.empty());

  rewrite_state(checkpoint, /*with_log=*/true, {4});
  CHECK_THROWS_AS(load_state(checkpoint, read), FormatError);
}
