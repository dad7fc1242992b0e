#include "wav2vec/train/training_state.h"

#include <fmt/format.h>

#include <array>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/io/model_file.h"
#include "wav2vec/io/safetensors.h"

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
  return {state.audio_seconds, state.wall_seconds, state.best_valid_bits};
}

void write_model(const std::filesystem::path& path, const PretrainRecipe& recipe,
                 const TrainingState& state) {
  const ParameterLayout& layout = state.parameters.layout();
  std::vector<std::vector<float>> values;
  std::vector<TensorToWrite> tensors;
  for (ParameterId id : layout.by_name()) {
    values.push_back(checkpoint_values(state.parameters, id));
    tensors.emplace_back(layout[id].name, layout[id].shape, std::span<const float>(values.back()));
  }
  write_model_file(path,
                   {.model = recipe.model,
                    .objective = recipe.objective,
                    .sample_rate_hz = recipe.data.sample_rate,
                    .normalize = recipe.data.normalize,
                    .update = state.update},
                   tensors);
}

void write_state(const std::filesystem::path& path, const TrainingState& state) {
  const auto counters = counters_of(state);
  const auto measures = measures_of(state);
  const std::vector<int64_t> flat_shape{state.parameters.layout().total_size()};
  const std::vector<TensorToWrite> tensors{
      {"counters", {kCounters}, std::span<const uint64_t>(counters)},
      {"measures", {kMeasures}, std::span<const double>(measures)},
      {"adam.first_moment", flat_shape, state.adam.first_moment.flat()},
      {"adam.second_moment", flat_shape, state.adam.second_moment.flat()},
  };
  write_safetensors(path, tensors, {{"format", "wav2vec-training-state-1"}});
}

}  // namespace

void save_state(CheckpointStore& store, const PretrainRecipe& recipe, const TrainingState& state) {
  const std::vector<CheckpointFile> files{
      {kModelFile, [&](const std::filesystem::path& path) { write_model(path, recipe, state); }},
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
  file.read_f32("adam.first_moment", state.adam.first_moment.flat());
  file.read_f32("adam.second_moment", state.adam.second_moment.flat());
  state.update = static_cast<int64_t>(counters[0]);
  state.adam.updates = static_cast<int64_t>(counters[1]);
  state.position = {static_cast<int64_t>(counters[2]), static_cast<int64_t>(counters[3])};
  state.skipped = static_cast<int64_t>(counters[4]);
  state.skipped_in_row = static_cast<int64_t>(counters[5]);
  state.best_update = static_cast<int64_t>(counters[6]);
  state.corpus_hash = counters[7];
  state.audio_seconds = measures[0];
  state.wall_seconds = measures[1];
  state.best_valid_bits = measures[2];
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
