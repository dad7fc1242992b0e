#include "wav2vec/data/split.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "wav2vec/core/error.h"
#include "wav2vec/core/hash.h"
#include "wav2vec/core/rng.h"

namespace wav2vec {
namespace {

struct Group {
  uint64_t random = 0;
  std::string name;
  int64_t samples = 0;
  bool valid = false;
};

enum class GroupBy { speaker, file };

// Files are named from the folder that holds all, so that a corpus may move and keep its split.
std::string group_name(const Utterance& u, GroupBy by, const std::filesystem::path& root) {
  // The separator keeps a speaker apart from a file of the same name.
  if (by == GroupBy::speaker && !u.speaker.empty()) return "speaker\n" + u.speaker;
  return "file\n" + std::filesystem::absolute(u.audio).lexically_normal().lexically_relative(root).string();
}

/// In random order. An unknown length counts as one sample, so that the group can still be chosen.
std::vector<Group> find_groups(const Manifest& manifest, GroupBy by, const std::filesystem::path& root,
                               uint64_t seed) {
  std::map<std::string, int64_t> samples;
  for (const Utterance& u : manifest.utterances)
    samples[group_name(u, by, root)] += std::max<int64_t>(u.samples, 1);
  std::vector<Group> groups;
  for (auto& [name, count] : samples) {
    const uint64_t random = RandomStream(seed, RandomUse::split, {fnv1a64(name)}).bits(0);
    groups.push_back({random, name, count});
  }
  std::sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) {
    return std::tie(a.random, a.name) < std::tie(b.random, b.name);
  });
  return groups;
}

void choose(std::vector<Group>& groups, double target) {
  double chosen = 0.0;
  size_t count = 0;
  for (Group& group : groups) {
    const double with_it = chosen + static_cast<double>(group.samples);
    if (std::fabs(with_it - target) >= std::fabs(chosen - target) || count + 1 == groups.size()) continue;
    group.valid = true;
    chosen = with_it;
    ++count;
  }
  if (count > 0 || groups.size() < 2) return;
  std::min_element(groups.begin(), groups.end(), [](const Group& a, const Group& b) {
    return a.samples < b.samples;
  })->valid = true;
}

}  // namespace

ManifestSplit split_manifest(const Manifest& manifest, double valid_fraction, uint64_t seed) {
  W2V_CHECK(valid_fraction >= 0.0 && valid_fraction < 1.0, "valid_fraction outside of [0, 1)");
  ManifestSplit split;
  if (valid_fraction == 0.0) {
    split.train = manifest;
    return split;
  }
  const std::filesystem::path root = common_folder(manifest);
  std::vector<Group> groups = find_groups(manifest, GroupBy::speaker, root, seed);
  const bool one_speaker = groups.size() == 1;
  const GroupBy by = one_speaker ? GroupBy::file : GroupBy::speaker;
  if (one_speaker) groups = find_groups(manifest, GroupBy::file, root, seed);
  int64_t total = 0;
  for (const Group& group : groups) total += group.samples;
  choose(groups, valid_fraction * static_cast<double>(total));

  std::map<std::string, bool> is_valid;
  for (const Group& group : groups) is_valid[group.name] = group.valid;
  for (const Utterance& u : manifest.utterances) {
    const bool valid = is_valid[group_name(u, by, root)];
    (valid ? split.valid : split.train).utterances.push_back(u);
    split.by_speaker |= by == GroupBy::speaker && !u.speaker.empty();
  }
  return split;
}

}  // namespace wav2vec
