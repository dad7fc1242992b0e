#include "wav2vec/probe/probe_split.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <thread>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/hash.h"
#include "wav2vec/core/log.h"
#include "wav2vec/core/rng.h"
#include "wav2vec/data/lengths.h"
#include "wav2vec/data/split.h"

namespace wav2vec {
namespace {

void add_part(ProbeSplit& split, std::vector<int64_t>& part, const Manifest& manifest) {
  for (const Utterance& utterance : manifest.utterances) {
    part.push_back(std::ssize(split.utterances));
    split.utterances.push_back(utterance);
  }
}

// What cannot be read keeps an unknown length and is told when features are computed.
Manifest read_with_lengths(std::span<const std::string> paths) {
  Manifest manifest = read_manifests(paths);
  fill_lengths(manifest, {}, std::max(1U, std::thread::hardware_concurrency()));
  return manifest;
}

double seconds_of(const Utterance& utterance) {
  return static_cast<double>(std::max<int64_t>(utterance.samples, 0)) / static_cast<double>(kManifestRateHz);
}

// An order of the ids' own: other utterances beside them do not change who comes before whom.
std::vector<int64_t> in_random_order(std::span<const Utterance> utterances, std::span<const int64_t> which,
                                     RandomUse use, uint64_t seed) {
  std::vector<std::pair<uint64_t, int64_t>> order;
  for (const int64_t u : which) {
    const uint64_t id = fnv1a64(utterances[static_cast<size_t>(u)].id);
    order.emplace_back(RandomStream(seed, use, {id}).bits(0), u);
  }
  std::ranges::sort(order);
  std::vector<int64_t> ordered;
  for (const auto& [random, u] : order) ordered.push_back(u);
  return ordered;
}

// Some of the utterances in the order of the manifest; all if they are not as long together.
void keep_minutes(Manifest& manifest, double minutes, int64_t seed) {
  std::vector<int64_t> all(manifest.utterances.size());
  std::iota(all.begin(), all.end(), 0);
  std::vector<bool> kept(all.size(), false);
  double seconds = 0.0;
  for (const int64_t u :
       in_random_order(manifest.utterances, all, RandomUse::split, static_cast<uint64_t>(seed))) {
    if (seconds >= minutes * 60.0) break;
    kept[static_cast<size_t>(u)] = true;
    seconds += seconds_of(manifest.utterances[static_cast<size_t>(u)]);
  }
  size_t at = 0;
  std::erase_if(manifest.utterances, [&](const Utterance&) { return !kept[at++]; });
}

void check_speakers(const Manifest& train, const Manifest& test) {
  std::set<std::string> speakers;
  for (const Utterance& utterance : train.utterances) speakers.insert(utterance.speaker);
  for (const Utterance& utterance : test.utterances) {
    if (utterance.speaker.empty() || !speakers.contains(utterance.speaker)) continue;
    throw DataError(
        fmt::format("{}: its speaker {} is in data.train too; a probe is tested on other speakers, "
                    "leave them out of one of the two",
                    printable(utterance.id), printable(utterance.speaker)));
  }
}

ProbeSplit split_by_speaker(const ProbeRecipe& recipe, Manifest train) {
  const auto seed = static_cast<uint64_t>(recipe.data.split_seed);
  Manifest test;
  if (recipe.data.test.empty()) {
    ManifestSplit held_out = split_manifest(train, recipe.data.test_fraction, seed);
    test = std::move(held_out.valid);
    train = std::move(held_out.train);
  } else {
    test = read_with_lengths(recipe.data.test);
    check_speakers(train, test);
  }
  ManifestSplit parts = split_manifest(train, recipe.data.dev_fraction, seed);
  if (!parts.by_speaker)
    log_warning("no speakers are known: utterances are split by file, so test may hold speakers of train");
  ProbeSplit split{.utterances = {}, .train = {}, .dev = {}, .test = {}, .by_speaker = parts.by_speaker};
  add_part(split, split.train, parts.train);
  add_part(split, split.dev, parts.valid);
  add_part(split, split.test, test);
  return split;
}

// Each speaker in all three parts; one with fewer than three utterances cannot be.
ProbeSplit split_within_speakers(const ProbeRecipe& recipe, const Manifest& all) {
  std::map<std::string, std::vector<std::pair<uint64_t, const Utterance*>>> by_speaker;
  for (const Utterance& utterance : all.utterances) {
    const RandomStream random(static_cast<uint64_t>(recipe.data.split_seed), RandomUse::split,
                              {fnv1a64(utterance.id)});
    if (!utterance.speaker.empty()) by_speaker[utterance.speaker].push_back({random.bits(0), &utterance});
  }
  Manifest parts[3];
  for (auto& [speaker, utterances] : by_speaker) {
    if (utterances.size() < 3) continue;
    std::ranges::sort(utterances);
    const auto share = [](double fraction, size_t count) {
      const auto rounded = std::llround(fraction * static_cast<double>(count));
      return static_cast<size_t>(std::max<long long>(1, rounded));
    };
    const size_t test = std::min(share(recipe.data.test_fraction, utterances.size()), utterances.size() - 2);
    const size_t dev =
        std::min(share(recipe.data.dev_fraction, utterances.size() - test), utterances.size() - test - 1);
    for (size_t i = 0; i < utterances.size(); ++i)
      parts[i < test ? 2 : i < test + dev ? 1 : 0].utterances.push_back(*utterances[i].second);
  }
  ProbeSplit split;
  add_part(split, split.train, parts[0]);
  add_part(split, split.dev, parts[1]);
  add_part(split, split.test, parts[2]);
  return split;
}

}  // namespace

ProbeSplit split_probe_data(const ProbeRecipe& recipe) {
  if (recipe.data.train.empty())
    throw ConfigError("[data] train: no manifest; name one, for example --train speech.tsv");
  const bool within = recipe.probe.task == ProbeTask::speaker && recipe.data.test.empty();
  Manifest train = read_with_lengths(recipe.data.train);
  if (recipe.data.minutes > 0.0) keep_minutes(train, recipe.data.minutes, recipe.data.split_seed);
  ProbeSplit split =
      within ? split_within_speakers(recipe, train) : split_by_speaker(recipe, std::move(train));
  for (const auto& [name, part] :
       {std::pair{"train", &split.train}, {"dev", &split.dev}, {"test", &split.test}}) {
    if (part->empty())
      throw DataError(
          fmt::format("{}: no utterances for {}; give more speakers (utterances), or name "
                      "data.test",
                      printable(recipe.data.train[0]), name));
  }
  return split;
}

double total_seconds(const ProbeSplit& split, std::span<const int64_t> utterances) {
  double seconds = 0.0;
  for (const int64_t u : utterances) seconds += seconds_of(split.utterances[static_cast<size_t>(u)]);
  return seconds;
}

std::vector<int64_t> choose_minutes(const ProbeSplit& split, std::span<const int64_t> train, double minutes,
                                    uint64_t seed) {
  if (minutes == 0.0) return {train.begin(), train.end()};
  std::vector<int64_t> chosen = in_random_order(split.utterances, train, RandomUse::label_budget, seed);
  double seconds = 0.0;
  size_t count = 0;
  for (; count < chosen.size() && seconds < minutes * 60.0; ++count)
    seconds += seconds_of(split.utterances[static_cast<size_t>(chosen[count])]);
  chosen.resize(count);
  if (seconds < minutes * 60.0)
    throw DataError(
        fmt::format("label_minutes = {}: there are only {:.1f} min to train on; lower it, or take 0 "
                    "for all",
                    minutes, seconds / 60.0));
  return chosen;
}

}  // namespace wav2vec
