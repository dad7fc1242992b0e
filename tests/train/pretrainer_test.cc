// The training loop: it learns, resumes to the bit, agrees over ranks, and refuses what would spoil a run.

#include "wav2vec/train/pretrainer.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <set>

#include "support/captured_stderr.h"
#include "support/speech_like.h"
#include "support/temporary_folder.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/file.h"
#include "wav2vec/io/checkpoint.h"
#include "wav2vec/train/metrics.h"

using namespace wav2vec;
namespace fs = std::filesystem;

namespace {

PretrainRecipe tiny_recipe(const fs::path& manifest) {
  PretrainRecipe r;
  r.model.encoder_channels = {8, 8, 8, 8, 8};
  r.model.context_channels = {8, 8};
  r.model.context_kernels = {3, 3};
  r.model.dropout = 0.1;
  r.model.dropout_features = 0.1;
  r.objective.prediction_steps = 3;
  r.objective.negatives = 4;
  r.data.train = {manifest.string()};
  r.data.valid_fraction = 0.2;
  r.data.crop_samples = 9500;
  r.data.batch_samples = 40000;
  r.optim.learning_rate = 3e-3;
  r.optim.warmup_updates = 5;
  r.optim.clip_norm = 10.0;
  r.train.max_updates = 12;
  r.train.log_every = 2;
  r.train.valid_every = 5;
  r.train.save_every = 3;
  r.train.keep_last = 2;
  return r;
}

PretrainResult run(const PretrainRecipe& recipe, const fs::path& folder, bool resume = false,
                   int64_t stop_after = -1, std::string* said = nullptr) {
  const CapturedStderr captured;
  SingleProcess alone;
  int64_t asked = 0;
  const auto result = pretrain(recipe,
                               {.run_folder = folder,
                                .resume = resume,
                                .command_line = "test",
                                .stop_requested = [&] { return ++asked == stop_after; }},
                               alone);
  if (said != nullptr) *said = captured.text();
  return result;
}

// The files that the end of a run is judged by. state.safetensors also holds wall time, so its tensors count.
std::string final_weights(const fs::path& folder, int64_t update) {
  const auto checkpoint = CheckpointStore(folder).load(update);
  return read_file(checkpoint.file("model.safetensors"), 1 << 26);
}

std::vector<double> losses(const fs::path& folder) {
  std::vector<double> out;
  for (const MetricsRecord& record : read_metrics(folder / "metrics.jsonl")) {
    for (const auto& [name, value] : record.values) {
      if (name == "loss_bits" && record.split != "alarm") out.push_back(value);
    }
  }
  return out;
}

// Records without what differs between any two runs: times and memory.
std::vector<std::string> repeatable_records(const fs::path& folder) {
  const std::set<std::string> different{"audio_seconds_per_second", "loader_wait_share", "wall_seconds",
                                        "peak_rss_mib"};
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

TEST_CASE("pretrain: a run leaves everything that a run is to leave") {
  const TemporaryFolder folder;
  const PretrainRecipe recipe = tiny_recipe(test::write_corpus(folder.path(), 30));
  std::string said;
  const PretrainResult result = run(recipe, folder.path() / "run", false, -1, &said);
  CHECK(result.updates == 12);
  CHECK(said.find("pretrain 12/12 updates (100 %), loss ") != std::string::npos);
  CHECK(
      said.substr(said.rfind("pretrain 12/12")).find(fmt::format(", valid {:.3f}", result.last_valid_bits)) !=
      std::string::npos);
  CHECK_FALSE(result.interrupted);
  CHECK(result.best_measure <= result.last_valid_bits);
  for (const char* name : {"recipe.toml", "metrics.jsonl", "metrics.csv", "report.html", "checkpoints/latest",
                           "checkpoints/best"})
    CHECK(fs::exists(folder.path() / "run" / name));
  const auto first = losses(folder.path() / "run").front();
  CHECK(result.last_valid_bits < first);
}

TEST_CASE("pretrain: stopped after any update and resumed, the run ends with the same bits") {
  const TemporaryFolder folder;
  PretrainRecipe recipe = tiny_recipe(test::write_corpus(folder.path(), 24));
  recipe.train.log_every = 4;  // most stops lie within an interval
  run(recipe, folder.path() / "whole");
  const std::string expected = final_weights(folder.path() / "whole", 12);
  const auto expected_records = repeatable_records(folder.path() / "whole");
  for (int64_t stop = 1; stop < 12; ++stop) {
    CAPTURE(stop);
    const fs::path part = folder.path() / ("part" + std::to_string(stop));
    const PretrainResult first = run(recipe, part, false, stop);
    CHECK(first.interrupted);
    CHECK(first.updates == stop);
    CHECK(run(recipe, part, true).updates == 12);
    CHECK(final_weights(part, 12) == expected);
    CHECK(repeatable_records(part) == expected_records);
  }
}

TEST_CASE("pretrain: with augmentation too, a resumed run ends with the same bits") {
  const TemporaryFolder folder;
  PretrainRecipe recipe = tiny_recipe(test::write_corpus(folder.path(), 24));
  recipe.augment.band_reject_probability = 0.5;
  recipe.augment.gain_probability = 0.5;
  std::set<std::string> different;
  for (const AugmentedPart part : {AugmentedPart::none, AugmentedPart::past, AugmentedPart::both}) {
    const std::string name(kAugmentedPartNames[static_cast<size_t>(part)]);
    CAPTURE(name);
    recipe.augment.apply_to = part;
    run(recipe, folder.path() / name);
    const std::string expected = final_weights(folder.path() / name, 12);
    CHECK(different.insert(expected).second);
    PretrainRecipe threads = recipe;
    threads.data.loader_threads = 3;
    run(threads, folder.path() / (name + "-threads"));
    CHECK(final_weights(folder.path() / (name + "-threads"), 12) == expected);
    for (const int64_t stop : {1, 7}) {
      const fs::path part_folder = folder.path() / (name + std::to_string(stop));
      CHECK(run(recipe, part_folder, false, stop).interrupted);
      CHECK(run(recipe, part_folder, true).updates == 12);
      CHECK(final_weights(part_folder, 12) == expected);
      CHECK(repeatable_records(part_folder) == repeatable_records(folder.path() / name));
    }
  }
}

TEST_CASE("pretrain: validation is clean, and other noise is another corpus") {
  const TemporaryFolder folder;
  const TemporaryFolder noises;
  PretrainRecipe recipe = tiny_recipe(test::write_corpus(folder.path(), 20));
  recipe.train.valid_every = 1;
  recipe.optim.learning_rate = 1e-12;  // the network stays what it is, so only the audio could differ
  recipe.optim.min_learning_rate = 0.0;
  recipe.optim.warmup_initial_rate = 0.0;
  const double clean = run(recipe, folder.path() / "clean").last_valid_bits;
  recipe.augment.apply_to = AugmentedPart::both;
  recipe.augment.noise = {test::write_corpus(noises.path(), 3, 5).string()};
  const fs::path run_folder = folder.path() / "augmented";
  CHECK(run(recipe, run_folder, false, 3).last_valid_bits == doctest::Approx(clean).epsilon(1e-6));
  test::write_corpus(noises.path(), 4, 5);
  CHECK_THROWS_AS(run(recipe, run_folder, true), ConfigError);
}

TEST_CASE("pretrain: a finished run is not touched by another --resume") {
  const TemporaryFolder folder;
  PretrainRecipe recipe = tiny_recipe(test::write_corpus(folder.path(), 20));
  const fs::path run_folder = folder.path() / "run";
  CHECK_FALSE(run(recipe, run_folder).already_finished);
  const auto contents = [&] {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(run_folder)) {
      if (!entry.is_regular_file() || entry.path().filename() == ".lock") continue;
      files[entry.path().string()] = fmt::format("{} {}", entry.last_write_time().time_since_epoch().count(),
                                                 read_file(entry.path(), 1 << 26));
    }
    return files;
  };
  const auto before = contents();
  std::string said;
  const PretrainResult again = run(recipe, run_folder, true, -1, &said);
  CHECK(again.already_finished);
  CHECK_FALSE(again.interrupted);
  CHECK(again.updates == 12);
  CHECK(said.empty());
  CHECK(contents() == before);
  recipe.train.max_updates = 14;
  const PretrainResult longer = run(recipe, run_folder, true);
  CHECK_FALSE(longer.already_finished);
  CHECK(longer.updates == 14);
}

TEST_CASE("pretrain: unreadable validation files are told, each once") {
  const TemporaryFolder folder;
  PretrainRecipe recipe = tiny_recipe(test::write_corpus(folder.path(), 20));
  const fs::path valid = folder.path() / "valid.tsv";
  write_file(valid, folder.path().string() + "\nutt0.wav\t9000\nabsent.wav\t9000\n");
  recipe.data.valid = {valid.string()};
  const PretrainResult result = run(recipe, folder.path() / "run");
  REQUIRE(result.failures.size() == 1);
  CHECK(result.failures[0].find("absent.wav") != std::string::npos);
}

TEST_CASE("pretrain: the resolved recipe of a run gives the same run") {
  const TemporaryFolder folder;
  const PretrainRecipe recipe = tiny_recipe(test::write_corpus(folder.path(), 20));
  run(recipe, folder.path() / "a");
  PretrainRecipe again;
  read_recipe(folder.path() / "a" / "recipe.toml", again.sections());
  run(again, folder.path() / "b");
  CHECK(final_weights(folder.path() / "a", 12) == final_weights(folder.path() / "b", 12));
}

TEST_CASE("pretrain: a run folder is never mixed with another run") {
  const TemporaryFolder folder;
  const PretrainRecipe recipe = tiny_recipe(test::write_corpus(folder.path(), 20));
  const fs::path run_folder = folder.path() / "run";
  run(recipe, run_folder, false, 4);
  CHECK_THROWS_AS(run(recipe, run_folder), ConfigError);  // without --resume
  PretrainRecipe other = recipe;
  other.model.context_kernels = {3, 4};
  CHECK_THROWS_AS(run(other, run_folder, true), ConfigError);
  test::write_wav(folder.path() / "more.wav", test::glide(77, 9100));
  write_file(folder.path() / "train.tsv",
             read_file(folder.path() / "train.tsv", 1 << 20) + "more.wav\t9100\n");
  CHECK_THROWS_AS(run(recipe, run_folder, true), ConfigError);  // the corpus has changed
}

TEST_CASE("pretrain: damaged checkpoints are never answered with a start from zero") {
  const TemporaryFolder folder;
  const PretrainRecipe recipe = tiny_recipe(test::write_corpus(folder.path(), 20));
  const fs::path run_folder = folder.path() / "run";
  run(recipe, run_folder, false, 7);
  const auto damage = [&](int64_t update) {
    const fs::path file = CheckpointStore(run_folder).load(update).file("state.safetensors");
    fs::resize_file(file, fs::file_size(file) / 2);
  };
  damage(7);
  CHECK(run(recipe, run_folder, true).updates == 12);  // from an older one
  for (const int64_t update : CheckpointStore(run_folder).updates()) {
    if (update != 7) damage(update);
  }
  CHECK_THROWS_AS(run(recipe, run_folder, true), CheckpointError);
}

TEST_CASE("pretrain: updates that are not finite change nothing, are written down, and end the run in time") {
  const TemporaryFolder folder;
  PretrainRecipe recipe = tiny_recipe(test::write_corpus(folder.path(), 20));
  // One update with such a decay leaves weights of 1e35, whose products are not finite.
  recipe.optim.weight_decay = 1e37;
  recipe.train.max_updates = 50;
  recipe.train.max_skipped_in_row = 3;
  bool stopped = false;
  try {
    run(recipe, folder.path() / "run");
  } catch (const NumericError& error) {
    stopped = true;
    CHECK(std::string(error.what()).find("3 updates in a row") != std::string::npos);
    CHECK(read_file(folder.path() / "run" / "skipped_updates.jsonl", 1 << 24).find("utt") !=
          std::string::npos);
  }
  CHECK(stopped);
}

TEST_CASE("pretrain: says what is missing") {
  const TemporaryFolder folder;
  PretrainRecipe recipe = tiny_recipe(test::write_corpus(folder.path(), 8));
  PretrainRecipe none = recipe;
  none.data.train.clear();
  CHECK_THROWS_AS(run(none, folder.path() / "x"), ConfigError);
  PretrainRecipe missing = recipe;
  missing.data.train = {(folder.path() / "absent.tsv").string()};
  CHECK_THROWS_AS(run(missing, folder.path() / "x"), DataError);
  PretrainRecipe tiny = recipe;
  tiny.data.min_samples = 400;
  CHECK_THROWS_AS(run(tiny, folder.path() / "x"), ConfigError);
}

TEST_CASE(
    "pretrain: the best checkpoint is the one with the fewest errors in the probe, if that is asked for") {
  const TemporaryFolder folder;
  PretrainRecipe recipe = tiny_recipe(test::write_corpus(folder.path(), 24));
  recipe.probe.every = 5;
  recipe.probe.best_by = BestBy::probe;
  recipe.probe.train = {"unused.tsv"};
  recipe.probe.labels = "unused.ctm";
  // Of updates 5, 10 and 12 the first is the best; what the loss says does not count.
  const std::vector<double> errors{0.3, 0.6, 0.5};
  const auto probed_run = [&](const fs::path& run_folder, int64_t stop_after, bool resume) {
    const CapturedStderr captured;
    SingleProcess alone;
    int64_t asked = 0;
    std::vector<std::string> models;
    const auto probe = [&](const fs::path& model) {
      models.push_back(model.parent_path().filename().string());
      CHECK(fs::exists(model));
      const size_t which = models.back() == "step_00000005" ? 0 : models.back() == "step_00000010" ? 1 : 2;
      return ProbeReading{.values = {{"c_error_rate", errors[which]}}, .error_rate = errors[which]};
    };
    const PretrainResult result = pretrain(recipe,
                                           {.run_folder = run_folder,
                                            .resume = resume,
                                            .command_line = "test",
                                            .probe = probe,
                                            .stop_requested = [&] { return ++asked == stop_after; }},
                                           alone);
    return std::pair(result, models);
  };
  const auto [result, models] = probed_run(folder.path() / "run", -1, false);
  CHECK(models == std::vector<std::string>{"step_00000005", "step_00000010", "step_00000012"});
  CHECK(result.best_measure == 0.3);
  CHECK(CheckpointStore(folder.path() / "run").best()->update == 5);
  int64_t records = 0;
  for (const MetricsRecord& record : read_metrics(folder.path() / "run" / "metrics.jsonl"))
    records += record.split == "probe" ? 1 : 0;
  CHECK(records == 3);

  // A stop and a resume change neither weights nor what is best.
  CHECK(probed_run(folder.path() / "parts", 7, false).first.interrupted);
  CHECK(probed_run(folder.path() / "parts", -1, true).first.best_measure == 0.3);
  CHECK(CheckpointStore(folder.path() / "parts").best()->update == 5);
  CHECK(final_weights(folder.path() / "parts", 12) == final_weights(folder.path() / "run", 12));
  // Nor does probing itself change the training.
  recipe.probe = {};
  run(recipe, folder.path() / "plain");
  CHECK(final_weights(folder.path() / "plain", 12) == final_weights(folder.path() / "run", 12));
}
