#include "wav2vec/align/coarse_path.h"

#include <algorithm>

namespace wav2vec {
namespace {

/// Some states of a chain, [begin, end), as one.
struct Group {
  int64_t begin = 0;
  int64_t end = 0;
};

/// What may not be put together with its neighbours: jumps lead here or from here.
std::vector<bool> single_states(std::span<const ChainState> chain) {
  std::vector<bool> single(chain.size(), false);
  for (size_t s = 0; s < chain.size(); ++s) {
    if (chain[s].letter == kAnySound) single[s] = true;
    if (chain[s].jump_from < 0) continue;
    single[s] = true;
    single[static_cast<size_t>(chain[s].jump_from)] = true;
  }
  return single;
}

std::vector<Group> groups_of(std::span<const ChainState> chain, int64_t letters) {
  const std::vector<bool> single = single_states(chain);
  std::vector<Group> groups;
  bool open = false;
  for (int64_t s = 0; s < std::ssize(chain); ++s) {
    if (single[static_cast<size_t>(s)] || !open || groups.back().end - groups.back().begin >= letters)
      groups.push_back({s, s});
    groups.back().end = s + 1;
    open = !single[static_cast<size_t>(s)];
  }
  return groups;
}

std::vector<float> mean_of_frames(const Similarity& similarity, int64_t frames) {
  const int64_t count = (similarity.frames + frames - 1) / frames;
  std::vector<float> mean(static_cast<size_t>(count * similarity.sounds), 0.0F);
  for (int64_t t = 0; t < similarity.frames; ++t) {
    const int64_t in_group = std::min(frames, similarity.frames - t / frames * frames);
    const float* heard = similarity.heard + t * similarity.sounds;
    float* row = mean.data() + t / frames * similarity.sounds;
    for (int64_t k = 0; k < similarity.sounds; ++k) row[k] += heard[k] / static_cast<float>(in_group);
  }
  return mean;
}

}  // namespace

std::vector<ChainState> narrowed_chain(const Similarity& similarity, std::span<const ChainState> chain,
                                       const CoarseOptions& options) {
  int64_t letters = 2;
  std::vector<Group> groups = groups_of(chain, letters);
  int64_t frames = 2 * letters;
  while (similarity.frames / frames * std::ssize(groups) > options.most_cells && frames < 64) {
    letters *= 2;
    frames *= 2;
    groups = groups_of(chain, letters);
  }
  const std::vector<float> heard = mean_of_frames(similarity, frames);
  std::vector<float> meant;
  std::vector<ChainState> coarse;
  std::vector<int64_t> group_of(chain.size());
  for (int64_t g = 0; g < std::ssize(groups); ++g) {
    const Group& group = groups[static_cast<size_t>(g)];
    for (int64_t s = group.begin; s < group.end; ++s) group_of[static_cast<size_t>(s)] = g;
    const ChainState& first = chain[static_cast<size_t>(group.begin)];
    ChainState state = first;
    if (group.end - group.begin > 1) state.optional = false;
    for (int64_t s = group.begin; s < group.end; ++s)
      state.lasting = state.lasting || chain[static_cast<size_t>(s)].lasting;
    state.first_frame = first.first_frame / frames;
    state.end_frame = chain[static_cast<size_t>(group.end - 1)].end_frame / frames + 1;
    if (first.jump_from >= 0) state.jump_from = group_of[static_cast<size_t>(first.jump_from)];
    if (first.letter != kAnySound) {
      state.letter = std::ssize(meant) / similarity.sounds;
      std::vector<float> mean(static_cast<size_t>(similarity.sounds), 0.0F);
      for (int64_t s = group.begin; s < group.end; ++s) {
        const float* row = similarity.meant + chain[static_cast<size_t>(s)].letter * similarity.sounds;
        for (size_t k = 0; k < mean.size(); ++k)
          mean[k] += row[k] / static_cast<float>(group.end - group.begin);
      }
      meant.insert(meant.end(), mean.begin(), mean.end());
    }
    coarse.push_back(state);
  }
  const Similarity rough{heard.data(), meant.data(), std::ssize(heard) / similarity.sounds,
                         std::ssize(meant) / similarity.sounds, similarity.sounds};
  // A frame counts for many here.
  ChainPathOptions path_options = options.path;
  path_options.jump_penalty /= static_cast<float>(frames);
  path_options.long_letter_frames = std::max<int64_t>(1, path_options.long_letter_frames * letters / frames);
  const std::vector<int64_t> path = best_chain_path(rough, coarse, path_options);
  std::vector<ChainState> narrow(chain.begin(), chain.end());
  if (path.empty()) return narrow;

  // From when to when a path is in each group; those that it jumps over lie between their neighbours.
  std::vector<int64_t> begins(coarse.size(), -1);
  std::vector<int64_t> ends(coarse.size(), -1);
  for (int64_t t = 0; t < std::ssize(path); ++t) {
    const auto g = static_cast<size_t>(path[static_cast<size_t>(t)]);
    if (begins[g] < 0) begins[g] = t;
    ends[g] = t + 1;
  }
  int64_t last = 0;
  for (size_t g = 0; g < coarse.size(); ++g) {
    if (begins[g] < 0)
      begins[g] = last;
    else
      last = ends[g];
  }
  int64_t next = std::ssize(path);
  for (size_t g = coarse.size(); g-- > 0;) {
    if (ends[g] < 0)
      ends[g] = next;
    else
      next = begins[g];
  }
  for (size_t s = 0; s < narrow.size(); ++s) {
    const auto g = static_cast<size_t>(group_of[s]);
    narrow[s].first_frame = std::max(narrow[s].first_frame, begins[g] * frames - options.margin_frames);
    narrow[s].end_frame = std::min(narrow[s].end_frame, ends[g] * frames + options.margin_frames);
  }
  return narrow;
}

}  // namespace wav2vec
