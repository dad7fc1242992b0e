// Probes on made-up speech: "phones" are tones, "speakers" differ in level and hum.

#include "wav2vec/probe/probe_run.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>

#include "support/audio_files.h"
#include "support/temporary_folder.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/file.h"
#include "wav2vec/core/threads.h"
#include "wav2vec/model/pretraining_network.h"
#include "wav2vec/train/network_file.h"

using namespace wav2vec;
namespace fs = std::filesystem;

namespace {

constexpr double kRateHz = 16000.0;
constexpr double kToneSeconds = 0.12;
constexpr int kTonesPerUtterance = 8;
constexpr double kHz[] = {300.0, 800.0, 1700.0, 3200.0};
constexpr const char* kNames[] = {"a", "b", "c", "d"};

struct Corpus {
  TemporaryFolder folder;
  fs::path manifest = folder.path() / "all.tsv";
  fs::path labels = folder.path() / "phones.ctm";
  fs::path lexicon = folder.path() / "lexicon.txt";

  /// `shift_seconds`: of the labels against the audio.
  explicit Corpus(double shift_seconds = 0.0, int speakers = 10, int utterances = 4) {
    std::string lines = "path\tspeaker\ttext\n";
    std::string ctm;
    for (int s = 0; s < speakers; ++s) {
      for (int u = 0; u < utterances; ++u) {
        const std::string name = fmt::format("s{}_{}.wav", s, u);
        const RandomStream random(static_cast<uint64_t>(s * 100 + u), RandomUse::crop, {});
        std::vector<float> samples(1600, 0.0F);
        std::string text;
        for (int k = 0; k < kTonesPerUtterance; ++k) {
          const auto which = static_cast<size_t>(random.below(static_cast<uint64_t>(k), 4));
          ctm += fmt::format("{} 1 {:.3f} {:.3f} {}\n", name,
                             static_cast<double>(samples.size()) / kRateHz + shift_seconds, kToneSeconds,
                             kNames[which]);
          const auto count = static_cast<int64_t>(kToneSeconds * kRateHz);
          for (const float x : test::tone(count, kHz[which], kRateHz, 0.1F + 0.03F * static_cast<float>(s)))
            samples.push_back(x);
          text += (k == 4 ? " " : "") + std::string(kNames[which]);
        }
        const std::vector<float> noise =
            test::noise(std::ssize(samples), static_cast<uint64_t>(s * 7 + u), 0.01F);
        const std::vector<float> hum = test::tone(std::ssize(samples), 4000.0 + 300.0 * s, kRateHz, 0.02F);
        for (size_t i = 0; i < samples.size(); ++i) samples[i] += noise[i] + hum[i];
        test::write_audio(folder.path() / name, samples);
        lines += fmt::format("{}\tspeaker{}\t{}\n", name, s, text);
      }
    }
    write_file(manifest, lines);
    write_file(labels, ctm);
  }

  ProbeRecipe recipe(ProbeTask task) const {
    ProbeRecipe recipe;
    recipe.probe.task = task;
    recipe.probe.inputs = {"logmel"};
    recipe.probe.baseline = "logmel";
    recipe.probe.seeds = {1};
    recipe.data.train = {manifest.string()};
    recipe.data.labels = labels.string();
    recipe.train.updates = 60;
    recipe.train.learning_rates = {3e-2};
    recipe.train.batch_utterances = 4;
    recipe.train.evaluations = 3;
    return recipe;
  }

  /// A small network with random weights.
  fs::path model() const {
    ModelFileInfo info;
    info.model.encoder_channels = {8, 8, 8, 8, 8};
    info.model.context_channels = {8, 8};
    info.model.context_kernels = {2, 3};
    info.model.log_compression = true;
    const PretrainingNetwork network(info.model, info.objective);
    ParameterBlock parameters(network.layout);
    initialize_parameters(parameters, 3);
    const fs::path path = folder.path() / "model.safetensors";
    write_network(path, info, parameters);
    return path;
  }
};

ProbeOptions without_model(bool allow_shifted_labels = false) {
  ProbeOptions options;
  options.allow_shifted_labels = allow_shifted_labels;
  options.quiet = true;
  return options;
}

double error_rate(const ProbeResults& results, const std::string& input, size_t measure = 0) {
  for (const ProbeCell& cell : results.cells) {
    if (cell.input == input) return cell.scores.at(measure).rate.value;
  }
  FAIL("no cell of ", input);
  return 1.0;
}

}  // namespace

TEST_CASE("probe: tones are told apart frame by frame, on speakers that were not trained on") {
  const Corpus corpus;
  ProbeRecipe recipe = corpus.recipe(ProbeTask::phone_frames);
  recipe.probe.inputs = {"mfcc+1", "logmel[-2,2]", "logmel"};
  const ProbeResults results = run_probe(recipe, without_model());
  REQUIRE(results.cells.size() == 3);
  CHECK(error_rate(results, "logmel") < 0.15);
  CHECK(error_rate(results, "mfcc+1") < 0.25);
  CHECK(results.cells[1].dimensions == 5 * 40);
  const Interval& interval = results.cells[2].scores[0].rate;
  CHECK(interval.low <= interval.value);
  CHECK(interval.value <= interval.high);
}

TEST_CASE("probe: labels that have nothing to do with the audio stay near chance") {
  const Corpus corpus;
  std::string ctm = read_file(corpus.labels, 1 << 20);
  // Every label gets the name that a stream of its own draws.
  const RandomStream random(9, RandomUse::crop, {});
  uint64_t n = 0;
  for (size_t end = ctm.find('\n'); end != std::string::npos; end = ctm.find('\n', end + 1))
    ctm[end - 1] = kNames[random.below(n++, 4)][0];
  write_file(corpus.labels, ctm);
  ProbeRecipe recipe = corpus.recipe(ProbeTask::phone_frames);
  const double rate = error_rate(run_probe(recipe, without_model(true)), "logmel");
  CHECK(rate > 0.6);
  CHECK(rate < 0.9);
}

TEST_CASE("probe: shifted labels are refused unless that is asked for") {
  const Corpus corpus(0.04);
  ProbeRecipe recipe = corpus.recipe(ProbeTask::phone_frames);
  CHECK_THROWS_AS(run_probe(recipe, without_model()), DataError);
  CHECK_NOTHROW(run_probe(recipe, without_model(true)));
}

TEST_CASE("probe: an input can be read some frames before or after the label's") {
  const Corpus corpus(0.05);  // labels five frames late
  ProbeRecipe recipe = corpus.recipe(ProbeTask::phone_frames);
  recipe.probe.inputs = {"logmel", "logmel[-5,-5]", "logmel[5,5]"};
  const ProbeResults results = run_probe(recipe, without_model(/*allow_shifted_labels=*/true));
  CHECK(error_rate(results, "logmel[-5,-5]") < 0.1);
  CHECK(error_rate(results, "logmel") > 0.2);
  CHECK(error_rate(results, "logmel[5,5]") > 0.4);
}

TEST_CASE("probe: sequences, with either head, best path and beam") {
  const Corpus corpus;
  write_file(corpus.lexicon, "x X\n");
  ProbeRecipe recipe = corpus.recipe(ProbeTask::character_ctc);
  recipe.train.updates = 150;
  recipe.decoding.beam = 4;
  const ProbeResults linear = run_probe(recipe, without_model());
  CHECK(linear.measures == std::vector<std::string>{"CER", "WER", "CER, beam", "WER, beam"});
  CHECK(error_rate(linear, "logmel", 0) < 0.7);
  CHECK(error_rate(linear, "logmel", 2) < 0.7);
  recipe.train.updates = 400;
  recipe.head = {.kind = ProbeHeadKind::blstm, .hidden = 16, .frames_per_step = 2};
  recipe.train.learning_rates = {1e-2};
  CHECK(error_rate(run_probe(recipe, without_model()), "logmel") < 0.7);
  // No word of the texts is in the lexicon: nothing is left to learn from.
  recipe.probe.task = ProbeTask::phone_ctc;
  recipe.decoding.beam = 0;
  recipe.data.lexicon = corpus.lexicon.string();
  CHECK_THROWS_AS(run_probe(recipe, without_model()), DataError);
}

TEST_CASE("probe: who speaks, with every speaker in training and test") {
  const Corpus corpus;
  ProbeRecipe recipe = corpus.recipe(ProbeTask::speaker);
  recipe.train.updates = 300;
  CHECK(error_rate(run_probe(recipe, without_model()), "logmel") < 0.6);  // chance: 0.9
}

TEST_CASE("probe: layers of a model, before training, mixed and tuned") {
  const Corpus corpus;
  ProbeRecipe recipe = corpus.recipe(ProbeTask::phone_frames);
  recipe.probe.inputs = {"z", "c", "random:c", "mix(z,context.0,c)", "tuned:c"};
  recipe.probe.baseline = "c";
  const ProbeResults results = run_probe(recipe, {.model = corpus.model(), .quiet = true});
  REQUIRE(results.cells.size() == 5);
  CHECK(error_rate(results, "z") < 0.6);
  // What tuning starts from is c itself, and it may use it.
  CHECK(error_rate(results, "tuned:c") <= error_rate(results, "c"));
  CHECK(error_rate(results, "random:c") != error_rate(results, "c"));
  CHECK(results.cells[3].layer_weights.size() == 3);
  CHECK(results.cells[3].dimensions == 3 * 8);
  recipe.probe.inputs = {"mix(encoder.1,c)"};
  recipe.probe.baseline = recipe.probe.inputs[0];
  CHECK_THROWS_AS(run_probe(recipe, {.model = corpus.model(), .quiet = true}), ConfigError);
  recipe.probe.inputs = {"context.7"};
  recipe.probe.baseline = "context.7";
  CHECK_THROWS_AS(run_probe(recipe, {.model = corpus.model(), .quiet = true}), ConfigError);
}

TEST_CASE("probe: the same numbers for any number of threads and every time") {
  const Corpus corpus;
  ProbeRecipe recipe = corpus.recipe(ProbeTask::phone_frames);
  recipe.probe.inputs = {"logmel", "tuned:c"};
  recipe.probe.seeds = {1, 2};
  recipe.probe.label_minutes = {0.2, 0.0};
  recipe.train.updates = 10;
  const ProbeOptions options{.model = corpus.model(), .quiet = true};
  set_compute_threads(1);
  const ProbeResults one = run_probe(recipe, options);
  set_compute_threads(2);
  const ProbeResults two = run_probe(recipe, options);
  set_compute_threads(0);
  REQUIRE(one.cells.size() == 4);
  for (size_t i = 0; i < one.cells.size(); ++i)
    CHECK(one.cells[i].scores[0].seeds == two.cells[i].scores[0].seeds);
  CHECK(one.cells[0].used_minutes < one.cells[1].used_minutes);
}

TEST_CASE("probe: parts and budgets that cannot be had are named") {
  const Corpus corpus;
  ProbeRecipe recipe = corpus.recipe(ProbeTask::phone_frames);
  recipe.probe.label_minutes = {60.0};
  CHECK_THROWS_AS(run_probe(recipe, without_model()), DataError);
  recipe.probe.label_minutes = {0.0};
  recipe.data.test = {corpus.manifest.string()};  // the speakers of train
  CHECK_THROWS_AS(run_probe(recipe, without_model()), DataError);
}
