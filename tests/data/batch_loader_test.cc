#include "wav2vec/data/batch_loader.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "support/audio_files.h"
#include "support/captured_stderr.h"
#include "support/temporary_folder.h"
#include "wav2vec/audio/audio_reader.h"
#include "wav2vec/core/error.h"

using namespace wav2vec;
using namespace wav2vec::test;

namespace {

namespace fs = std::filesystem;

DataConfig small_config() {
  DataConfig config;
  config.min_samples = 500;
  config.crop_samples = 3000;
  config.batch_samples = 9000;
  config.buckets = 3;
  config.prefetch_batches = 3;
  return config;
}

/// Files of 600 … 5000 samples; manifest lengths unknown.
struct Corpus {
  TemporaryFolder temporary;
  Manifest manifest;

  explicit Corpus(int64_t files = 20) {
    for (int64_t i = 0; i < files; ++i) {
      const fs::path path = temporary.path() / (std::to_string(i) + (i % 2 == 0 ? ".wav" : ".flac"));
      const int format = i % 2 == 0 ? SF_FORMAT_WAV | SF_FORMAT_PCM_16 : SF_FORMAT_FLAC | SF_FORMAT_PCM_16;
      write_audio(path, noise(600 + 220 * i, static_cast<uint64_t>(i + 1)), 16000, format);
      Utterance u;
      u.id = path.filename().string();
      u.audio = path;
      manifest.utterances.push_back(u);
    }
  }
  fs::path audio(size_t i) const { return manifest.utterances[i].audio; }
};

void check_equal(const AudioBatch& a, const AudioBatch& b) {
  CHECK(a.epoch == b.epoch);
  CHECK(a.batch_in_epoch == b.batch_in_epoch);
  CHECK(a.utterances == b.utterances);
  CHECK(a.lengths == b.lengths);
  CHECK(a.max_samples == b.max_samples);
  CHECK(a.samples == b.samples);
}

std::vector<AudioBatch> take(BatchLoader& loader, int count) {
  std::vector<AudioBatch> batches;
  for (int i = 0; i < count; ++i) batches.push_back(loader.next());
  return batches;
}

}  // namespace

TEST_CASE("a batch holds the planned parts of the files, zeros behind them") {
  const Corpus corpus;
  const DataConfig config = small_config();
  BatchLoader loader(corpus.manifest, config, 5, {.single_pass = true});
  std::vector<int64_t> lengths;
  for (const Utterance& u : corpus.manifest.utterances)
    lengths.push_back(std::ssize(read_audio(u.audio).samples));
  const EpochPlan plan = plan_epoch(lengths, config, 5, 0);
  CHECK(loader.batches_in_epoch(0) == std::ssize(plan.batches));
  for (size_t b = 0; b < plan.batches.size(); ++b) {
    const AudioBatch batch = loader.next();
    REQUIRE(batch.size() == std::ssize(plan.batches[b]));
    CHECK(std::ssize(batch.samples) == batch.size() * batch.max_samples);
    for (size_t i = 0; i < plan.batches[b].size(); ++i) {
      const BatchItem& item = plan.batches[b][i];
      CHECK(batch.utterances[i] == item.utterance);
      REQUIRE(batch.lengths[i] == item.crop_samples);
      const std::vector<float> whole = read_audio(corpus.audio(static_cast<size_t>(item.utterance))).samples;
      const float* row = batch.samples.data() + static_cast<int64_t>(i) * batch.max_samples;
      CHECK(std::equal(row, row + item.crop_samples, whole.begin() + item.crop_start_samples));
      CHECK(std::all_of(row + item.crop_samples, row + batch.max_samples, [](float x) { return x == 0.0F; }));
    }
  }
  CHECK(loader.next().empty());
  CHECK(loader.next().empty());
}

TEST_CASE("threads and prefetching change no bit") {
  const Corpus corpus;
  DataConfig config = small_config();
  config.prefetch_batches = 1;
  BatchLoader one(corpus.manifest, config, 9);
  const std::vector<AudioBatch> expected = take(one, 25);
  CHECK(expected.back().epoch > 1);
  config.loader_threads = 4;
  config.prefetch_batches = 7;
  BatchLoader four(corpus.manifest, config, 9);
  for (const AudioBatch& batch : expected) check_equal(four.next(), batch);
  CHECK(one.seconds_waited() > 0.0);
}

TEST_CASE("a loader that continues from any position gives the same batches") {
  const Corpus corpus;
  const DataConfig config = small_config();
  BatchLoader whole(corpus.manifest, config, 9);
  std::vector<LoaderPosition> positions = {whole.position()};
  std::vector<AudioBatch> batches;
  for (int i = 0; i < 20; ++i) {
    batches.push_back(whole.next());
    positions.push_back(whole.position());
  }
  for (size_t i = 0; i < batches.size(); ++i) {
    LoaderOptions options;
    options.start = positions[i];
    BatchLoader resumed(corpus.manifest, config, 9, options);
    CHECK(resumed.position() == positions[i]);
    check_equal(resumed.next(), batches[i]);
    CHECK(resumed.position() == positions[i + 1]);
  }
}

TEST_CASE("ranks share an epoch without overlap") {
  const Corpus corpus;
  const DataConfig config = small_config();
  std::set<int64_t> seen;
  std::vector<int64_t> batches;
  for (int64_t rank = 0; rank < 3; ++rank) {
    BatchLoader loader(corpus.manifest, config, 2,
                       {.turn = {.batches = 3, .first = rank}, .single_pass = true});
    batches.push_back(0);
    for (AudioBatch batch = loader.next(); !batch.empty(); batch = loader.next()) {
      ++batches.back();
      for (int64_t u : batch.utterances) CHECK(seen.insert(u).second);
    }
  }
  CHECK(batches[0] == batches[1]);
  CHECK(batches[0] == batches[2]);
  CHECK(batches[0] > 0);
}

TEST_CASE("a file that fails is left out and reported once") {
  const Corpus corpus;
  const DataConfig config = small_config();
  Manifest manifest = corpus.manifest;
  for (Utterance& u : manifest.utterances) u.samples = std::ssize(read_audio(u.audio).samples);
  write_bytes(corpus.audio(4), "not audio any more");
  const CapturedStderr warnings;
  BatchLoader loader(manifest, config, 1);
  std::vector<std::string> failures;
  int64_t items = 0;
  for (AudioBatch batch = loader.next(); batch.epoch < 3; batch = loader.next()) {
    failures.insert(failures.end(), batch.failures.begin(), batch.failures.end());
    items += batch.size();
    CHECK(std::find(batch.utterances.begin(), batch.utterances.end(), 4) == batch.utterances.end());
  }
  CHECK(items == 3 * 19);
  REQUIRE(failures.size() == 1);
  CHECK(failures[0].find("4.wav") != std::string::npos);
  CHECK(loader.failed_utterances() == 1);
  CHECK(warnings.contains("left out"));
}

TEST_CASE("an epoch in which everything fails is an error") {
  const Corpus corpus;
  Manifest manifest = corpus.manifest;
  for (Utterance& u : manifest.utterances) u.samples = 1000;
  for (size_t i = 0; i < manifest.utterances.size(); ++i) fs::remove(corpus.audio(i));
  const CapturedStderr warnings;
  BatchLoader loader(manifest, small_config(), 1);
  CHECK_THROWS_WITH_AS(loader.next(), doctest::Contains("whole epoch"), DataError);
}

TEST_CASE("without a long enough utterance there is no loader") {
  const Corpus corpus(2);
  DataConfig config = small_config();
  config.min_samples = 2000;
  CHECK_THROWS_WITH_AS(BatchLoader(corpus.manifest, config, 1), doctest::Contains("min_samples"), DataError);
}

TEST_CASE("a manifest that says too much is corrected by the file") {
  const Corpus corpus;
  Manifest manifest = corpus.manifest;
  const std::vector<float> real = read_audio(corpus.audio(18)).samples;
  manifest.utterances = {manifest.utterances[18]};
  manifest.utterances[0].samples = 100 * std::ssize(real);
  BatchLoader loader(manifest, small_config(), 1);
  for (int epoch = 0; epoch < 10; ++epoch) {
    const AudioBatch batch = loader.next();
    REQUIRE(batch.size() == 1);
    CHECK(batch.lengths[0] >= 500);
    CHECK(std::search(real.begin(), real.end(), batch.samples.begin(), batch.samples.end()) != real.end());
  }
}

TEST_CASE("segments are cut from their recording") {
  const Corpus corpus;
  Utterance u = corpus.manifest.utterances[19];
  const std::vector<float> real = read_audio(u.audio).samples;
  u.start_seconds = 1000.0 / 16000.0;
  u.duration_seconds = 700.0 / 16000.0;
  Manifest manifest;
  manifest.utterances = {u};
  BatchLoader loader(manifest, small_config(), 1);
  const AudioBatch batch = loader.next();
  REQUIRE(batch.lengths[0] == 700);
  CHECK(std::equal(batch.samples.begin(), batch.samples.end(), real.begin() + 1000));
}

TEST_CASE("normalize gives every item mean 0 and variance 1, and leaves the padding at zero") {
  const Corpus corpus;
  DataConfig config = small_config();
  config.normalize = true;
  BatchLoader loader(corpus.manifest, config, 1);
  const AudioBatch batch = loader.next();
  for (int64_t i = 0; i < batch.size(); ++i) {
    const float* row = batch.samples.data() + i * batch.max_samples;
    double squares = 0.0;
    const int64_t length = batch.lengths[static_cast<size_t>(i)];
    for (int64_t t = 0; t < length; ++t) squares += row[t] * row[t];
    CHECK(squares / static_cast<double>(length) == doctest::Approx(1.0).epsilon(0.01));
    CHECK(std::all_of(row + length, row + batch.max_samples, [](float x) { return x == 0.0F; }));
  }
}

TEST_CASE("a cache changes no bit of 16-bit audio, cold or warm, however many loaders share it") {
  const Corpus corpus;
  DataConfig config = small_config();
  BatchLoader without(corpus.manifest, config, 9);
  const std::vector<AudioBatch> expected = take(without, 25);
  config.cache = (corpus.temporary.path() / "cache").string();
  config.loader_threads = 3;
  {
    BatchLoader cold(corpus.manifest, config, 9);
    BatchLoader beside(corpus.manifest, config, 9);
    for (const AudioBatch& batch : expected) {
      check_equal(cold.next(), batch);
      check_equal(beside.next(), batch);
    }
  }
  CHECK(fs::exists(config.cache));
  config.loader_threads = 1;
  BatchLoader warm(corpus.manifest, config, 9);
  for (const AudioBatch& batch : expected) check_equal(warm.next(), batch);
}

TEST_CASE("with a cache, batches of any audio do not depend on what is in it") {
  Corpus corpus(8);
  for (size_t i = 0; i < 8; ++i)
    write_audio(corpus.audio(i), noise(3 * (1600 + 900 * static_cast<int64_t>(i)), i), 48000,
                SF_FORMAT_WAV | SF_FORMAT_FLOAT);
  DataConfig config = small_config();
  config.cache = (corpus.temporary.path() / "cache").string();
  const CapturedStderr quiet;
  BatchLoader cold(corpus.manifest, config, 9);
  const std::vector<AudioBatch> expected = take(cold, 12);
  config.cache_gib = 1e-12;
  BatchLoader no_room(corpus.manifest, config, 9);
  BatchLoader deleted(corpus.manifest, config, 9);
  for (size_t i = 0; i < expected.size(); ++i) {
    check_equal(no_room.next(), expected[i]);
    // The loaders may put something there meanwhile, until they are as far ahead as they go.
    for (std::error_code busy(1, std::generic_category()); i == 4 && busy;)
      fs::remove_all(config.cache, busy);
    check_equal(deleted.next(), expected[i]);
  }
  BatchLoader warm(corpus.manifest, config, 9);
  for (const AudioBatch& batch : expected) check_equal(warm.next(), batch);
}

TEST_CASE("a loader may be destroyed at any time") {
  const Corpus corpus;
  DataConfig config = small_config();
  config.loader_threads = 3;
  for (int taken = 0; taken < 4; ++taken) {
    BatchLoader loader(corpus.manifest, config, 1);
    take(loader, taken);
  }
}
