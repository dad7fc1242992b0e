// Training of a head: it learns, resumes to the bit, and what it wrote can be used.

#include "wav2vec/head/head_trainer.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "support/captured_stderr.h"
#include "support/speech_like.h"
#include "support/temporary_folder.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/file.h"
#include "wav2vec/extract/feature_extractor.h"
#include "wav2vec/head/head_corpus.h"
#include "wav2vec/head/head_model.h"
#include "wav2vec/head/head_test.h"
#include "wav2vec/io/checkpoint.h"
#include "wav2vec/text/character_tokens.h"
#include "wav2vec/text/token_set.h"
#include "wav2vec/train/metrics.h"

using namespace wav2vec;
namespace fs = std::filesystem;

namespace {

/// "a" is a low tone and "o" a high one; words of three letters.
fs::path write_spoken_corpus(const fs::path& folder, int count) {
  std::string manifest = "path\tspeaker\ttext\n";
  std::string times;
  for (int i = 0; i < count; ++i) {
    std::vector<float> samples(3200, 0.0F);
    std::string text;
    const std::string name = "u" + std::to_string(i) + ".wav";
    double seconds = 0.2;
    for (int word = 0; word < 2; ++word) {
      const bool high = ((i >> word) & 1) != 0;
      const double start = seconds;
      for (int64_t n = 0; n < 3200; ++n) {
        const double phase =
            2.0 * 3.14159265358979 * (high ? 1900.0 : 300.0) * static_cast<double>(n) / 16000.0;
        samples.push_back(static_cast<float>(0.4 * std::sin(phase)));
      }
      samples.insert(samples.end(), 2400, 0.0F);
      seconds += 0.35;
      text += std::string(word > 0 ? " " : "") + (high ? "o" : "a");
      times += name + " 1 " + std::to_string(start) + " 0.2 " + (high ? "o" : "a") + "\n";
    }
    for (size_t n = 0; n < samples.size(); ++n)
      samples[n] += 0.001F * static_cast<float>((n * 7919) % 13) - 0.006F;
    test::write_wav(folder / name, samples);
    manifest += name + "\ts" + std::to_string(i % 5) + "\t" + text + "\n";
  }
  write_file(folder / "words.ctm", times);
  write_file(folder / "train.tsv", manifest);
  return folder / "train.tsv";
}

HeadRecipe tiny_recipe(const fs::path& manifest) {
  HeadRecipe r;
  r.model.encoder_channels = {8, 8, 8, 8, 8};
  r.model.context_channels = {8, 8};
  r.model.context_kernels = {3, 3};
  r.model.log_compression = true;
  r.head.hidden = 8;
  r.head.sounds = 6;
  r.head.text_channels = 8;
  r.head.text_context = 1;
  r.head.dropout = 0.1;
  r.data.train = {manifest.string()};
  r.data.valid_fraction = 0.2;
  r.data.min_samples = 3000;
  r.data.crop_samples = 40000;
  r.data.batch_samples = 80000;
  r.text.letter_weight = 1.0;
  r.text.letter_frame_weight = 0.1;
  r.text.word_times = {(manifest.parent_path() / "words.ctm").string()};
  r.optim.learning_rate = 5e-3;
  r.optim.warmup_updates = 5;
  r.optim.clip_norm = 5.0;
  r.train.max_updates = 16;
  r.train.log_every = 4;
  r.train.valid_every = 8;
  r.train.save_every = 3;
  return r;
}

HeadTrainingResult run(const HeadRecipe& recipe, const fs::path& folder, bool resume = false,
                       int64_t stop_after = -1) {
  const CapturedStderr captured;
  int64_t asked = 0;
  return train_alignment_head(recipe, {.run_folder = folder, .resume = resume, .stop_requested = [&] {
                                         return ++asked == stop_after;
                                       }});
}

std::string weights(const fs::path& folder, int64_t update) {
  return read_file(CheckpointStore(folder).load(update).file("model.safetensors"), 1 << 26);
}

}  // namespace

TEST_CASE("train-head: it learns what is said and when, and what it wrote aligns and extracts") {
  const TemporaryFolder folder;
  HeadRecipe recipe = tiny_recipe(write_spoken_corpus(folder.path(), 40));
  recipe.train.max_updates = 500;
  recipe.train.valid_every = 500;
  const HeadTrainingResult result = run(recipe, folder.path() / "run");
  CHECK(result.updates == 500);
  CHECK(result.last.words > 0);
  CHECK(result.last.match_auc > 0.9);
  CHECK(result.last.character_error_rate < 0.5);
  CHECK(result.last.start_error_seconds < 0.05);
  CHECK(result.last.end_error_seconds < 0.05);

  HeadModel model(folder.path() / "run");
  CHECK(model.info().head.has_value());
  const auto samples = test::glide(1, 16000);
  CHECK(model.scores(waveform_in_memory(samples)).frames == 98);
  CHECK(model.scores(waveform_in_memory(std::span(samples).first(100))).frames == 0);
  const FeatureExtractor extractor(folder.path() / "run");
  CHECK(extractor.info().model.encoder_channels.size() == 5);

  const fs::path manifest = folder.path() / "train.tsv";
  const TokenReader reader({.language = "en", .max_readings = 1});
  const HeadTest test = test_head(model, read_manifest(manifest), read_ctm(folder.path() / "words.ctm"),
                                  reader, {.least_seconds = 0.5});
  CHECK(test.utterances == 40);
  CHECK(test.similarities.size() == 80);
  CHECK(area_under_curve(test.similarities) > 0.9);
  CHECK(area_under_curve(test.other_audio) < 0.7);
  const auto mean_error = [&](TimesFrom from) {
    return boundary_statistics(test.times[static_cast<size_t>(from)], Boundaries::all).mean.value;
  };
  CHECK(mean_error(TimesFrom::head) < 0.05);

  // Another head begins where this one ended.
  HeadRecipe second = recipe;
  second.train.initial_model = (folder.path() / "run").string();
  second.train.max_updates = 1;
  second.train.valid_every = 1;
  CHECK(run(second, folder.path() / "second").last.start_error_seconds < 0.05);
}

TEST_CASE("train-head: stopped and resumed, it ends with the same bits") {
  const TemporaryFolder folder;
  const HeadRecipe recipe = tiny_recipe(write_spoken_corpus(folder.path(), 20));
  run(recipe, folder.path() / "whole");
  CHECK(run(recipe, folder.path() / "parts", false, 5).interrupted);
  run(recipe, folder.path() / "parts", true, 7);
  CHECK_FALSE(run(recipe, folder.path() / "parts", true).interrupted);
  CHECK(weights(folder.path() / "parts", 16) == weights(folder.path() / "whole", 16));
  CHECK(run(recipe, folder.path() / "parts", true).already_finished);
}

TEST_CASE("train-head: early fusion with contests of texts learns, and what it wrote attends") {
  const TemporaryFolder folder;
  HeadRecipe recipe = tiny_recipe(write_spoken_corpus(folder.path(), 40));
  recipe.head.fusion = Fusion::early;
  recipe.head.attention_channels = 4;
  recipe.head.match_weight = 0.1;
  recipe.train.max_updates = 500;
  recipe.train.valid_every = 500;
  const HeadTrainingResult result = run(recipe, folder.path() / "run");
  CHECK(result.last.match_auc > 0.9);
  CHECK(result.last.start_error_seconds < 0.05);

  HeadModel model(folder.path() / "run");
  CHECK(model.info().head->fusion == Fusion::early);
  CHECK(model.attends());
  const auto samples = test::glide(1, 16000);
  const RecordingScores scores = model.scores(waveform_in_memory(samples));
  CHECK(std::ssize(scores.hidden) == scores.frames * 2 * recipe.head.hidden);
  const std::vector<int> letters = encode("ao");
  const std::vector<float> alone = model.meant(letters);
  CHECK(model.meant(letters, scores, 0, 0) == alone);
  CHECK(model.meant(letters, scores, 0, scores.frames) != alone);
  CHECK(model.meant(letters, scores, 0, 50) != model.meant(letters, scores, 50, scores.frames));
  CHECK_THROWS_AS(model.meant(letters, scores, 0, scores.frames + 1), InternalError);

  const TokenReader reader({.language = "en", .max_readings = 1});
  const HeadTest test = test_head(model, read_manifest(folder.path() / "train.tsv"),
                                  read_ctm(folder.path() / "words.ctm"), reader, {.least_seconds = 0.5});
  CHECK(area_under_curve(test.similarities) > 0.9);
  CHECK(area_under_curve(test.other_audio) < 0.7);
  CHECK(test.shuffled_frames.size() == test.similarities.size());
  CHECK(test.shuffled_letters.size() == test.similarities.size());
}

TEST_CASE(
    "train-head: contests and early fusion resume to the bit, alone, together and in joined recordings") {
  const TemporaryFolder folder;
  HeadRecipe recipe = tiny_recipe(write_spoken_corpus(folder.path(), 20));
  recipe.train.max_updates = 8;
  recipe.train.log_every = 2;
  recipe.join.seconds = 4.0;
  std::vector<std::string> ends;
  for (const Fusion fusion : {Fusion::late, Fusion::early}) {
    for (const double weight : {0.0, 0.2}) {
      CAPTURE(weight);
      recipe.head.fusion = fusion;
      recipe.head.match_weight = weight;
      const fs::path whole = folder.path() / fmt::format("whole{}", ends.size());
      const fs::path parts = folder.path() / fmt::format("parts{}", ends.size());
      run(recipe, whole);
      CHECK(run(recipe, parts, false, 5).interrupted);
      CHECK_FALSE(run(recipe, parts, true).interrupted);
      ends.push_back(weights(whole, 8));
      CHECK(weights(parts, 8) == ends.back());
      const std::string metrics = read_file(whole / "metrics.jsonl", 1 << 20);
      CHECK((metrics.find("match_nats") != std::string::npos) == (weight > 0.0));
      CHECK((metrics.find("match_won") != std::string::npos) == (weight > 0.0));
    }
  }
  for (size_t i = 0; i < ends.size(); ++i) {
    for (size_t j = 0; j < i; ++j) CHECK(ends[i] != ends[j]);
  }
}

TEST_CASE("train-head: without a weight no key of contests or of attention changes anything") {
  const TemporaryFolder folder;
  HeadRecipe recipe = tiny_recipe(write_spoken_corpus(folder.path(), 20));
  recipe.train.max_updates = 4;
  const auto losses = [&](const std::string& name) {
    run(recipe, folder.path() / name);
    std::string lines = read_file(folder.path() / name / "metrics.jsonl", 1 << 20);
    // All but the time that it took.
    const size_t from = lines.find("\"wall_seconds\"");
    lines.erase(from, lines.find(',', from) - from);
    return lines;
  };
  const std::string usual = losses("usual");
  recipe.head.match_negatives = 7;
  recipe.head.match_temperature = 2.0;
  recipe.head.attention_channels = 3;
  recipe.head.attention_dropout = 0.9;
  CHECK(losses("other") == usual);
}

TEST_CASE("train-head: what would spoil a run is refused") {
  const TemporaryFolder folder;
  const fs::path manifest = write_spoken_corpus(folder.path(), 20);
  const HeadRecipe recipe = tiny_recipe(manifest);
  run(recipe, folder.path() / "run", false, 2);
  CHECK_THROWS_AS(run(recipe, folder.path() / "run"), ConfigError);
  HeadRecipe other = recipe;
  other.head.hidden = 9;
  CHECK_THROWS_AS(run(other, folder.path() / "run", true), ConfigError);
  std::ofstream(manifest, std::ios::app) << "u0.wav\ts9\ta a a\n";
  HeadRecipe without_text = recipe;
  write_file(folder.path() / "empty.tsv", "path\ttext\nu0.wav\t♪\n");
  without_text.data.train = {(folder.path() / "empty.tsv").string()};
  CHECK_THROWS_AS(run(without_text, folder.path() / "other"), DataError);
  // Texts that cannot have been said in the time, and word times of other audio.
  write_file(folder.path() / "long.tsv",
             "path\ttext\nu0.wav\t" + std::string(400, 'a') + "b\nu1.wav\t" + std::string(400, 'o') + "b\n");
  HeadRecipe long_text = recipe;
  long_text.data.train = {(folder.path() / "long.tsv").string()};
  long_text.data.valid_fraction = 0.0;
  CHECK_THROWS_AS(run(long_text, folder.path() / "other"), DataError);
  write_file(folder.path() / "late.ctm", "u0.wav 1 1000 0.2 a\nu0.wav 1 1000.4 0.2 a\n");
  HeadRecipe late = recipe;
  late.text.word_times = {(folder.path() / "late.ctm").string()};
  late.train.max_updates = 1;
  CHECK(run(late, folder.path() / "late").last.words == 0);
  HeadRecipe languages = recipe;
  languages.text.languages = {"en", "cs"};
  CHECK_THROWS_AS(run(languages, folder.path() / "other"), ConfigError);
}

TEST_CASE("head model: long audio in windows is what its parts are") {
  const TemporaryFolder folder;
  HeadRecipe recipe = tiny_recipe(write_spoken_corpus(folder.path(), 20));
  recipe.train.max_updates = 2;
  run(recipe, folder.path() / "run");
  HeadModel model(folder.path() / "run");
  const auto samples = test::glide(4, 45 * 16000);
  const RecordingScores whole = model.scores(waveform_in_memory(samples));
  CHECK(whole.frames == 4498);
  // The first window hears 20 s and 2 s more.
  const RecordingScores first = model.scores(waveform_in_memory(std::span(samples).first(22 * 16000 + 305)));
  CHECK(std::equal(whole.heard.begin(), whole.heard.begin() + 2000 * whole.sounds, first.heard.begin()));
  CHECK(
      std::equal(whole.letters.begin(), whole.letters.begin() + 2000 * whole.tokens, first.letters.begin()));
  int64_t calls = 0;
  CHECK(model.scores(waveform_in_memory(samples), [&](int64_t) { return ++calls < 2; }).frames == 0);
  CHECK(calls == 2);
}

TEST_CASE("head model: a network without a head says so") {
  const TemporaryFolder folder;
  CHECK_THROWS_AS(HeadModel(folder.path() / "nothing"), Error);
}

TEST_CASE("train-head: a head of phones says so in its file, and is refused where espeak-ng is missing") {
  const TemporaryFolder folder;
  HeadRecipe recipe = tiny_recipe(write_spoken_corpus(folder.path(), 20));
  recipe.text.tokens = TokenKind::phones;
  recipe.train.max_updates = 2;
  recipe.train.valid_every = 2;
  try {
    CHECK(run(recipe, folder.path() / "run").updates == 2);
  } catch (const ConfigError& error) {
    CHECK(std::string(error.what()).find("built without espeak-ng") != std::string::npos);
    return;
  }
  HeadModel model(folder.path() / "run");
  CHECK(model.info().tokens == TokenKind::phones);
  const auto samples = test::glide(1, 16000);
  CHECK(model.scores(waveform_in_memory(samples)).tokens == token_count(TokenKind::phones));
  // Of "a" and "o" alone, whatever their letters are called: every word has its time.
  CHECK(load_head_corpus(recipe, model.frame_times()).train.with_times() == 16);
  recipe.text.tokens = TokenKind::letters;
  CHECK_THROWS_AS(run(recipe, folder.path() / "run", true), ConfigError);
  run(recipe, folder.path() / "letters");
  CHECK(HeadModel(folder.path() / "letters").info().tokens == TokenKind::letters);
}
