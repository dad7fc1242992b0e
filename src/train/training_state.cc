#include "wav2vec/train/training_state.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <vector>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/io/model_file.h"
#include "wav2vec/io/safetensors.h"
#include "wav2vec/train/network_file.h"

namespace wav2vec {
namespace {

constexpr const char* kModelFile = "model.safetensors";
constexpr const char* kStateFile = "state.safetensors";

// In the order of the state file.
constexpr size_t kCounters = 8;

std::array<uint64_t, kCounters> counters_of(const TrainingState& state) {
  return {static_cast<uint64_t>(state.update),         static_cast<uint64_t>(state.adam.updates),
          static_cast<uint64_t>(state.position.epoch), static_cast<uint64_t>(state.position.batch),
          static_cast<uint64_t>(state.skipped),        static_cast<uint64_t>(state.skipped_in_row),
          static_cast<uint64_t>(state.best_update),    state.corpus_hash};
}

constexpr size_t kMeasures = 3;

std::array<double, kMeasures> measures_of(const TrainingState& state) {
  return {state.audio_seconds, state.wall_seconds, state.best_measure};
}

// The log's part. Names, not places, because older state files have none of them.
constexpr const char* kLogCounts = "log.counts";
constexpr const char* kLogMeasures = "log.measures";
constexpr const char* kLogSteps = "log.steps";  // [2, prediction steps]: positives, hits

constexpr size_t kLogCountsSize = 8;

// 0 = not set.
uint64_t one_above(const std::optional<int64_t>& update) {
  return update ? static_cast<uint64_t>(*update) + 1 : 0;
}

std::optional<int64_t> one_below(uint64_t value) {
  return value > 0 ? std::optional(static_cast<int64_t>(value - 1)) : std::nullopt;
}

std::array<uint64_t, kLogCountsSize> counts_of(const LogState& log) {
  return {static_cast<uint64_t>(log.interval_updates),     static_cast<uint64_t>(log.interval.sums.positives),
          static_cast<uint64_t>(log.interval.sums.labels), static_cast<uint64_t>(log.loss_outliers.seen),
          static_cast<uint64_t>(log.norm_outliers.seen),   log.collapse.told,
          one_above(log.collapse.at_chance_since),         one_above(log.collapse.at_prior_since)};
}

constexpr size_t kLogMeasuresSize = 10;

std::array<double, kLogMeasuresSize> measures_of(const LogState& log) {
  return {log.interval.sums.loss_nats, log.interval.gradient_norm,   log.interval.learning_rate,
          log.interval.audio_seconds,  log.interval.compute_seconds, log.interval.wait_seconds,
          log.loss_outliers.mean,      log.loss_outliers.variance,   log.norm_outliers.mean,
          log.norm_outliers.variance};
}

std::vector<int64_t> steps_of(const ObjectiveSums& sums) {
  std::vector<int64_t> steps = sums.positives_per_step;
  steps.insert(steps.end(), sums.hits_per_step.begin(), sums.hits_per_step.end());
  return steps;
}

void read_steps(SafetensorsFile& file, ObjectiveSums& sums) {
  const TensorEntry* entry = file.find(kLogSteps);
  if (entry == nullptr) return;
  if (entry->shape.size() != 2 || entry->shape[0] != 2)
    throw FormatError(fmt::format("{}: {} is not [2, steps]", printable(file.path().string()), kLogSteps));
  std::vector<int64_t> steps(static_cast<size_t>(entry->count()));
  file.read(kLogSteps, steps);
  const auto middle = steps.begin() + entry->shape[1];
  sums.positives_per_step.assign(steps.begin(), middle);
  sums.hits_per_step.assign(middle, steps.end());
}

LogState read_log(SafetensorsFile& file) {
  LogState log;
  if (file.find(kLogCounts) == nullptr) return log;
  std::array<uint64_t, kLogCountsSize> counts{};
  std::array<double, kLogMeasuresSize> measures{};
  file.read(kLogCounts, counts);
  file.read(kLogMeasures, measures);
  read_steps(file, log.interval.sums);
  log.interval_updates = static_cast<int64_t>(counts[0]);
  log.interval.sums.positives = static_cast<int64_t>(counts[1]);
  log.interval.sums.labels = static_cast<int64_t>(counts[2]);
  log.interval.sums.loss_nats = measures[0];
  log.interval.gradient_norm = measures[1];
  log.interval.learning_rate = measures[2];
  log.interval.audio_seconds = measures[3];
  log.interval.compute_seconds = measures[4];
  log.interval.wait_seconds = measures[5];
  log.loss_outliers = {static_cast<int64_t>(counts[3]), measures[6], measures[7]};
  log.norm_outliers = {static_cast<int64_t>(counts[4]), measures[8], measures[9]};
  log.collapse = {counts[5], one_below(counts[6]), one_below(counts[7])};
  return log;
}

void write_state(const std::filesystem::path& path, const TrainingState& state) {
  const auto counters = counters_of(state);
  const auto measures = measures_of(state);
  const auto log_counts = counts_of(state.log);
  const auto log_measures = measures_of(state.log);
  const std::vector<int64_t> log_steps = steps_of(state.log.interval.sums);
  const std::vector<int64_t> flat_shape{state.parameters.layout().total_size()};
  std::vector<TensorToWrite> tensors{
      {"counters", {kCounters}, std::span<const uint64_t>(counters)},
      {"measures", {kMeasures}, std::span<const double>(measures)},
      {kLogCounts, {kLogCountsSize}, std::span<const uint64_t>(log_counts)},
      {kLogMeasures, {kLogMeasuresSize}, std::span<const double>(log_measures)},
      {"adam.first_moment", flat_shape, std::span(state.adam.first_moment)},
      {"adam.second_moment", flat_shape, std::span(state.adam.second_moment)},
  };
  if (!log_steps.empty())
    tensors.push_back({kLogSteps, {2, std::ssize(log_steps) / 2}, std::span<const int64_t>(log_steps)});
  write_safetensors(path, tensors, {{"format", "wav2vec-training-state-1"}});
}

}  // namespace

ModelFileInfo model_file_info(const PretrainRecipe& recipe) {
  return {.model = recipe.model,
          .objective = recipe.objective,
          .sample_rate_hz = recipe.data.sample_rate,
          .normalize = recipe.data.normalize};
}

void save_state(CheckpointStore& store, ModelFileInfo info, const TrainingState& state) {
  info.update = state.update;
  const std::vector<CheckpointFile> files{
      {kModelFile, [&](const std::filesystem::path& path) { write_network(path, info, state.parameters); }},
      {kStateFile, [&](const std::filesystem::path& path) { write_state(path, state); }},
  };
  store.save(state.update, files, {});
}

void load_state(const Checkpoint& checkpoint, TrainingState& state) {
  ModelFile model = ModelFile::open(checkpoint.file(kModelFile));
  load_parameters(state.parameters, [&](const ParameterSpec& spec, std::span<float> values) {
    model.read(spec.name, spec.shape, values);
  });
  SafetensorsFile file = SafetensorsFile::open(checkpoint.file(kStateFile));
  std::array<uint64_t, kCounters> counters{};
  std::array<double, kMeasures> measures{};
  file.read("counters", counters);
  file.read("measures", measures);
  file.read_f32("adam.first_moment", std::span(state.adam.first_moment));
  file.read_f32("adam.second_moment", std::span(state.adam.second_moment));
  state.update = static_cast<int64_t>(counters[0]);
  state.adam.updates = static_cast<int64_t>(counters[1]);
  state.position = {static_cast<int64_t>(counters[2]), static_cast<int64_t>(counters[3])};
  state.skipped = static_cast<int64_t>(counters[4]);
  state.skipped_in_row = static_cast<int64_t>(counters[5]);
  state.best_update = static_cast<int64_t>(counters[6]);
  state.corpus_hash = counters[7];
  state.audio_seconds = measures[0];
  state.wall_seconds = measures[1];
  state.best_measure = measures[2];
  state.log = read_log(file);
  if (state.update != checkpoint.update) {
    throw FormatError(fmt::format("{}: holds update {}, expected {}; the folder was renamed or mixed",
                                  printable(checkpoint.file(kStateFile).string()), state.update,
                                  checkpoint.update));
  }
}

uint64_t checkpoint_bytes(const ParameterLayout& layout) {
  constexpr uint64_t kHeaders = 1 << 20;
  return static_cast<uint64_t>(layout.total_size()) * 3 * sizeof(float) + kHeaders;
}

}  // namespace wav2vec
