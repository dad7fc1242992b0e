#include "wav2vec/data/augmentation.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "support/audio_files.h"
#include "support/captured_stderr.h"
#include "support/spectrum.h"
#include "support/temporary_folder.h"
#include "wav2vec/audio/add_noise.h"
#include "wav2vec/core/error.h"
#include "wav2vec/data/batch_loader.h"

using namespace wav2vec;
using namespace wav2vec::test;

namespace {

constexpr int64_t kRate = 16000;

constexpr double AugmentConfig::*kProbabilities[] = {
    &AugmentConfig::pitch_probability, &AugmentConfig::reverb_probability, &AugmentConfig::noise_probability,
    &AugmentConfig::band_reject_probability, &AugmentConfig::gain_probability};

AugmentConfig with_all(double probability, AugmentedPart part = AugmentedPart::past) {
  AugmentConfig config;
  config.apply_to = part;
  for (auto effect : kProbabilities) config.*effect = probability;
  return config;
}

std::vector<float> white(int64_t samples, const RandomStream& random) {
  std::vector<float> out(static_cast<size_t>(samples));
  for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(random.uniform(i) - 0.5);
  return out;
}

/// 16 files of 6000 … 9000 samples.
struct Corpus {
  TemporaryFolder folder;
  Manifest manifest;

  explicit Corpus(int count = 16, uint64_t seed = 1) {
    for (int i = 0; i < count; ++i) {
      Utterance u;
      u.id = std::to_string(i);
      u.audio = folder.path() / (u.id + ".wav");
      u.samples = 6000 + 200 * i;
      write_audio(u.audio, noise(u.samples, seed + static_cast<uint64_t>(i)));
      manifest.utterances.push_back(u);
    }
  }
};

DataConfig data_config() {
  DataConfig config;
  config.min_samples = 2000;
  config.crop_samples = 7000;
  config.batch_samples = 21000;
  config.buckets = 2;
  return config;
}

using Item = std::pair<std::vector<float>, std::vector<float>>;

/// Clean (or what stands there) and augmented samples of every (epoch, utterance).
std::map<std::pair<int64_t, int64_t>, Item> items_of(BatchLoader& loader, int batches) {
  std::map<std::pair<int64_t, int64_t>, Item> items;
  for (int n = 0; n < batches; ++n) {
    const AudioBatch batch = loader.next();
    CHECK((batch.augmented.empty() || batch.augmented.size() == batch.samples.size()));
    for (int64_t b = 0; b < batch.size(); ++b) {
      const auto part = [&](const std::vector<float>& rows) {
        if (rows.empty()) return rows;
        const auto begin = rows.begin() + b * batch.max_samples;
        return std::vector<float>(begin, begin + batch.lengths[static_cast<size_t>(b)]);
      };
      items[{batch.epoch, batch.utterances[static_cast<size_t>(b)]}] = {part(batch.samples),
                                                                        part(batch.augmented)};
    }
  }
  return items;
}

}  // namespace

TEST_CASE("augmentation: nothing drawn changes nothing, everything drawn keeps the length") {
  const auto samples = noise(9001, 1);
  const AugmentationKey key{1, 2, 3};
  const NoiseSource never = [](int64_t, const RandomStream&) -> std::vector<float> {
    FAIL("noise was asked for");
    return {};
  };
  CHECK(augment_waveform(samples, kRate, with_all(0.0), key, never) == samples);
  const auto augmented = augment_waveform(samples, kRate, with_all(1.0), key, white);
  CHECK(augmented.size() == samples.size());
  CHECK(augmented != samples);
  for (float x : augmented) REQUIRE(std::isfinite(x));
}

TEST_CASE("augmentation: the same key draws the same, another seed, epoch or utterance another") {
  const auto samples = noise(4000, 1);
  const auto with_key = [&](const AugmentationKey& key) {
    return augment_waveform(samples, kRate, with_all(1.0), key, white);
  };
  std::set<std::vector<float>> seen;
  for (uint64_t seed = 0; seed < 2; ++seed) {
    for (int64_t epoch = 0; epoch < 2; ++epoch) {
      for (int64_t utterance = 0; utterance < 3; ++utterance) {
        const auto first = with_key({seed, epoch, utterance});
        CHECK(with_key({seed, epoch, utterance}) == first);
        CHECK(seen.insert(first).second);
      }
    }
  }
}

TEST_CASE("augmentation: every effect comes as often as asked for, whatever the others do") {
  const auto samples = noise(600, 1);
  for (const auto effect : kProbabilities) {
    AugmentConfig config = with_all(0.0);
    config.*effect = 0.3;
    int64_t count = 0;
    for (int64_t u = 0; u < 1000; ++u)
      count += augment_waveform(samples, kRate, config, {1, 0, u}, white) != samples ? 1 : 0;
    CHECK(std::abs(count - 300) < 75);  // five standard deviations
  }
  // Gain comes last: with or without it, what the effects before it drew is the same.
  AugmentConfig without = with_all(1.0);
  without.gain_probability = 0.0;
  const auto loud = augment_waveform(samples, kRate, with_all(1.0), {1, 0, 5}, white);
  const auto plain = augment_waveform(samples, kRate, without, {1, 0, 5}, white);
  const float ratio = loud[10] / plain[10];
  CHECK(std::fabs(ratio - 1.0F) > 1e-3F);
  for (size_t i = 0; i < plain.size(); ++i)
    REQUIRE(loud[i] == doctest::Approx(ratio * plain[i]).epsilon(1e-3).scale(0.1));
}

TEST_CASE("augmentation: noise ratios and gains fill their ranges") {
  const auto samples = noise(2000, 1);
  AugmentConfig config = with_all(0.0);
  config.noise_probability = 1.0;
  AugmentConfig louder = with_all(0.0);
  louder.gain_probability = 1.0;
  std::vector<double> ratios;
  std::vector<double> gains;
  for (int64_t u = 0; u < 200; ++u) {
    auto added = augment_waveform(samples, kRate, config, {1, 0, u}, white);
    for (size_t i = 0; i < added.size(); ++i) added[i] -= samples[i];
    ratios.push_back(decibels(mean_power(samples) / mean_power(added)));
    const auto changed = augment_waveform(samples, kRate, louder, {1, 0, u}, white);
    gains.push_back(decibels(mean_power(changed) / mean_power(samples)));
  }
  const auto [lowest, highest] = std::ranges::minmax(ratios);
  CHECK(lowest == doctest::Approx(5.0).epsilon(0.1));
  CHECK(highest == doctest::Approx(15.0).epsilon(0.05));
  const auto [softest, loudest] = std::ranges::minmax(gains);
  CHECK(softest == doctest::Approx(-6.0).epsilon(0.1));
  CHECK(loudest == doctest::Approx(6.0).epsilon(0.1));
}

TEST_CASE("loader: past keeps the clean audio beside the augmented, both replaces it, none has neither") {
  const Corpus corpus;
  const auto load = [&](AugmentedPart part) {
    BatchLoader loader(corpus.manifest, data_config(), 4, {.augment = with_all(1.0, part)});
    return items_of(loader, 14);
  };
  const auto none = load(AugmentedPart::none);
  const auto past = load(AugmentedPart::past);
  const auto both = load(AugmentedPart::both);
  CHECK(none.size() > 30);
  REQUIRE(past.size() == none.size());
  for (const auto& [key, item] : none) {
    CHECK(item.second.empty());
    CHECK(past.at(key).first == item.first);
    CHECK(past.at(key).second.size() == item.first.size());
    CHECK(past.at(key).second != item.first);
    CHECK(both.at(key).first == past.at(key).second);
    CHECK(both.at(key).second.empty());
  }
}

TEST_CASE(
    "loader: augmentation depends on neither threads, batch mates, ranks, cache nor the place of a start") {
  const Corpus corpus;
  const Corpus noises(5, 100);
  for (const bool babble : {true, false}) {
    CAPTURE(babble);
    const LoaderOptions options{.augment = with_all(1.0), .noise = babble ? Manifest{} : noises.manifest};
    BatchLoader one(corpus.manifest, data_config(), 4, options);
    const auto expected = items_of(one, 14);
    const auto check_same = [&](BatchLoader& loader, int batches) {
      const auto items = items_of(loader, batches);
      int64_t compared = 0;
      for (const auto& [key, item] : items) {
        if (!expected.contains(key)) continue;
        ++compared;
        CHECK(item == expected.at(key));
      }
      CHECK(compared >= 10);
    };
    DataConfig config = data_config();
    config.loader_threads = 4;
    BatchLoader four(corpus.manifest, config, 4, options);
    check_same(four, 14);

    config = data_config();
    config.batch_samples = 7000;
    BatchLoader alone(corpus.manifest, config, 4, options);
    check_same(alone, 20);

    LoaderOptions second_rank = options;
    second_rank.turn = {.batches = 2, .first = 1};
    BatchLoader rank(corpus.manifest, data_config(), 4, second_rank);
    check_same(rank, 6);

    LoaderOptions later = options;
    later.start = {.epoch = 1, .batch = 1};
    BatchLoader resumed(corpus.manifest, data_config(), 4, later);
    check_same(resumed, 5);

    config = data_config();
    config.cache = (corpus.folder.path() / "cache").string();  // 16-bit audio comes out unchanged
    BatchLoader cached(corpus.manifest, config, 4, options);
    check_same(cached, 14);
  }
}

TEST_CASE("loader: babble is of other utterances, noise of the manifest given") {
  const Corpus corpus(2);
  AugmentConfig config = with_all(0.0);
  config.noise_probability = 1.0;
  config.babble_talkers = 1;
  DataConfig data = data_config();
  data.crop_samples = 9000;  // whole utterances: a part is at a known place
  data.batch_samples = 18000;
  const auto added_to_first = [&](const LoaderOptions& options) {
    BatchLoader loader(corpus.manifest, data, 4, options);
    auto [clean, augmented] = items_of(loader, 1).at({0, 0});
    for (size_t i = 0; i < clean.size(); ++i) augmented[i] -= clean[i];
    return augmented;
  };
  // How alike the directions are, at the best of the places that the part may begin at.
  const auto likeness = [](std::span<const float> added, std::span<const float> source) {
    double best = 0.0;
    for (size_t at = 0; at + added.size() <= source.size(); ++at) {
      double product = 0.0;
      for (size_t i = 0; i < added.size(); ++i) product += added[i] * source[at + i];
      const auto part = source.subspan(at, added.size());
      best = std::max(best, product / (static_cast<double>(added.size()) *
                                       std::sqrt(mean_power(added) * mean_power(part))));
    }
    return best;
  };
  CHECK(likeness(added_to_first({.augment = config}), noise(6200, 2)) > 0.99);
  const Corpus other(1, 50);
  CHECK(likeness(added_to_first({.augment = config, .noise = other.manifest}), noise(6000, 50)) > 0.99);
}

TEST_CASE("loader: noise that cannot be read is said once and left out, and none at all is an error") {
  const CapturedStderr captured;
  const Corpus corpus;
  Corpus noises(2, 100);
  noises.manifest.utterances[0].audio = "absent.wav";  // its length is known, so only reading tells
  AugmentConfig config = with_all(0.0);
  config.noise_probability = 1.0;
  BatchLoader loader(corpus.manifest, data_config(), 4, {.augment = config, .noise = noises.manifest});
  int64_t without = 0;
  int64_t with = 0;
  for (const auto& [key, item] : items_of(loader, 14)) ++(item.first == item.second ? without : with);
  CHECK(without > 0);
  CHECK(with > 0);
  const std::string said = captured.text();
  const size_t first = said.find("absent.wav");
  CHECK(first != std::string::npos);
  CHECK(said.find("no noise from this file", said.find("no noise from this file") + 1) == std::string::npos);

  noises.manifest.utterances[0].samples = -1;
  noises.manifest.utterances.resize(1);
  CHECK_THROWS_AS(
      BatchLoader(corpus.manifest, data_config(), 4, {.augment = config, .noise = noises.manifest}),
      DataError);
}

TEST_CASE("loader: normalisation is the last word") {
  const Corpus corpus(6);
  DataConfig config = data_config();
  config.normalize = true;
  BatchLoader loader(corpus.manifest, config, 4, {.augment = with_all(1.0)});
  for (const auto& [key, item] : items_of(loader, 3)) {
    CHECK(mean_power(item.first) == doctest::Approx(1.0).epsilon(1e-3));
    CHECK(mean_power(item.second) == doctest::Approx(1.0).epsilon(1e-3));
  }
}
