#include "wav2vec/data/batch_sampler.h"

#include <algorithm>
#include <tuple>

#include "wav2vec/core/error.h"
#include "wav2vec/core/rng.h"

namespace wav2vec {
namespace {

// Second coordinate of the shuffle streams.
constexpr uint64_t kUtteranceOrder = 0;
constexpr uint64_t kBatchOrder = 1;

struct Candidate {
  int64_t utterance = 0;
  int64_t samples = 0;  ///< after cropping
  uint64_t random = 0;
};

std::vector<Candidate> find_candidates(std::span<const int64_t> lengths, const DataConfig& config,
                                       uint64_t seed, uint64_t epoch) {
  std::vector<Candidate> candidates;
  candidates.reserve(lengths.size());
  for (size_t i = 0; i < lengths.size(); ++i) {
    if (lengths[i] < config.min_samples) continue;
    const RandomStream stream(seed, RandomUse::shuffle, {epoch, kUtteranceOrder, i});
    candidates.push_back(
        {static_cast<int64_t>(i), std::min(lengths[i], config.crop_samples), stream.bits(0)});
  }
  return candidates;
}

/// By length class, random within it. Ties are broken by the index, so that the order is total.
void order_by_class(std::vector<Candidate>& candidates, int64_t classes) {
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return std::tie(a.samples, a.random, a.utterance) < std::tie(b.samples, b.random, b.utterance);
  });
  const auto count = static_cast<int64_t>(candidates.size());
  for (int64_t c = 0; c < classes; ++c) {
    std::sort(candidates.begin() + count * c / classes, candidates.begin() + count * (c + 1) / classes,
              [](const Candidate& a, const Candidate& b) {
                return std::tie(a.random, a.utterance) < std::tie(b.random, b.utterance);
              });
  }
}

BatchItem crop(const Candidate& candidate, int64_t length, uint64_t seed, uint64_t epoch, CropPlace place) {
  const auto room = static_cast<uint64_t>(length - candidate.samples);
  BatchItem item{candidate.utterance, static_cast<int64_t>(room / 2), candidate.samples};
  if (place == CropPlace::random) {
    const RandomStream stream(seed, RandomUse::crop, {epoch, static_cast<uint64_t>(candidate.utterance)});
    item.crop_start_samples = static_cast<int64_t>(stream.below(0, room + 1));
  }
  return item;
}

template <class T>
void shuffle(std::vector<T>& items, const RandomStream& stream) {
  for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[stream.below(i, i)]);
}

}  // namespace

EpochPlan plan_epoch(std::span<const int64_t> lengths, const DataConfig& config, uint64_t seed, int64_t epoch,
                     CropPlace place) {
  W2V_CHECK(config.batch_samples >= config.crop_samples && config.buckets > 0, "DataConfig not validated");
  const auto epoch_key = static_cast<uint64_t>(epoch);
  std::vector<Candidate> candidates = find_candidates(lengths, config, seed, epoch_key);
  EpochPlan plan;
  plan.left_out = static_cast<int64_t>(lengths.size() - candidates.size());
  order_by_class(candidates, config.buckets);

  int64_t longest = 0;
  for (const Candidate& candidate : candidates) {
    const int64_t longest_with_it = std::max(longest, candidate.samples);
    const bool fits = !plan.batches.empty() &&
                      (std::ssize(plan.batches.back()) + 1) * longest_with_it <= config.batch_samples;
    if (!fits) plan.batches.emplace_back();
    longest = fits ? longest_with_it : candidate.samples;
    const int64_t length = lengths[static_cast<size_t>(candidate.utterance)];
    plan.batches.back().push_back(crop(candidate, length, seed, epoch_key, place));
  }
  shuffle(plan.batches, RandomStream(seed, RandomUse::shuffle, {epoch_key, kBatchOrder}));
  return plan;
}

}  // namespace wav2vec
