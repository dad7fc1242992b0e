#include "wav2vec/data/split.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "wav2vec/core/rng.h"

using namespace wav2vec;

namespace {

Manifest manifest_of(int64_t speakers, int64_t files_each, bool known = true) {
  const RandomStream stream(3, RandomUse::shuffle, {1});
  Manifest manifest;
  for (int64_t s = 0; s < speakers; ++s) {
    for (int64_t f = 0; f < files_each; ++f) {
      Utterance u;
      u.audio = fmt::format("/data/{}/{}.wav", s, f);
      u.id = u.audio.string();
      u.samples = 10000 + static_cast<int64_t>(stream.below(manifest.utterances.size(), 50000));
      if (known) u.speaker = fmt::format("speaker{}", s);
      manifest.utterances.push_back(u);
    }
  }
  return manifest;
}

std::set<std::string> speakers_of(const Manifest& manifest) {
  std::set<std::string> speakers;
  for (const Utterance& u : manifest.utterances) speakers.insert(u.speaker);
  return speakers;
}

double valid_share(const ManifestSplit& split) {
  const auto valid = static_cast<double>(split.valid.known_samples());
  return valid / (valid + static_cast<double>(split.train.known_samples()));
}

}  // namespace

TEST_CASE("no speaker is on both sides, nothing is lost and the share is near the wish") {
  const Manifest all = manifest_of(100, 10);
  for (const double fraction : {0.02, 0.1, 0.5}) {
    const ManifestSplit split = split_manifest(all, fraction, 1);
    CHECK(split.by_speaker);
    CHECK(split.train.utterances.size() + split.valid.utterances.size() == all.utterances.size());
    for (const std::string& speaker : speakers_of(split.valid))
      CHECK(!speakers_of(split.train).contains(speaker));
    CHECK(valid_share(split) == doctest::Approx(fraction).epsilon(0.15));
  }
}

TEST_CASE("files without a speaker are split by file, and parts of one file stay together") {
  Manifest all = manifest_of(1, 500, false);
  for (size_t i = 0; i < 400; ++i) {  // 100 recordings in four parts
    all.utterances[i].audio = fmt::format("/data/long{}.wav", i / 4);
    all.utterances[i].start_seconds = 1.0 + static_cast<double>(i % 4);
  }
  const ManifestSplit split = split_manifest(all, 0.1, 1);
  CHECK(!split.by_speaker);
  CHECK(valid_share(split) == doctest::Approx(0.1).epsilon(0.05));
  std::set<std::string> train;
  for (const Utterance& u : split.train.utterances) train.insert(u.audio.string());
  for (const Utterance& u : split.valid.utterances) CHECK(!train.contains(u.audio.string()));
}

TEST_CASE("the split depends on the seed, not on the order of the manifest") {
  Manifest all = manifest_of(50, 4);
  const auto valid = speakers_of(split_manifest(all, 0.1, 1).valid);
  CHECK(speakers_of(split_manifest(all, 0.1, 2).valid) != valid);
  std::reverse(all.utterances.begin(), all.utterances.end());
  CHECK(speakers_of(split_manifest(all, 0.1, 1).valid) == valid);
}

TEST_CASE("the split stays when the corpus moves") {
  Manifest here = manifest_of(50, 4, false);
  Manifest there = here;
  for (Utterance& u : there.utterances) u.audio = "/elsewhere" / u.audio.lexically_relative("/");
  const Manifest valid_here = split_manifest(here, 0.1, 1).valid;
  const Manifest valid_there = split_manifest(there, 0.1, 1).valid;
  REQUIRE(valid_here.utterances.size() == valid_there.utterances.size());
  for (size_t i = 0; i < valid_here.utterances.size(); ++i)
    CHECK(valid_here.utterances[i].id == valid_there.utterances[i].id);
}

TEST_CASE("one speaker is split by file, two speakers give one to each side, one file cannot be split") {
  const ManifestSplit one = split_manifest(manifest_of(1, 100), 0.1, 1);
  CHECK(!one.by_speaker);
  CHECK(valid_share(one) == doctest::Approx(0.1).epsilon(0.1));

  const ManifestSplit two = split_manifest(manifest_of(2, 10), 0.02, 1);
  CHECK(speakers_of(two.train).size() == 1);
  CHECK(speakers_of(two.valid).size() == 1);

  const ManifestSplit single = split_manifest(manifest_of(1, 1), 0.5, 1);
  CHECK(single.valid.utterances.empty());
  CHECK(single.train.utterances.size() == 1);
  CHECK(split_manifest(manifest_of(3, 3), 0.0, 1).valid.utterances.empty());
}
