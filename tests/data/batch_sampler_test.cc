#include "wav2vec/data/batch_sampler.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "wav2vec/core/rng.h"

using namespace wav2vec;

namespace {

DataConfig small_config() {
  DataConfig config;
  config.min_samples = 500;
  config.crop_samples = 3000;
  config.batch_samples = 12000;
  config.buckets = 4;
  return config;
}

std::vector<int64_t> random_lengths(size_t count) {
  const RandomStream stream(11, RandomUse::shuffle, {5, 5});
  std::vector<int64_t> lengths(count);
  for (size_t i = 0; i < count; ++i) lengths[i] = static_cast<int64_t>(stream.below(i, 6000));
  return lengths;
}

}  // namespace

TEST_CASE("every long enough utterance comes once per epoch, within the budget, at its own length") {
  const std::vector<int64_t> lengths = random_lengths(1000);
  const DataConfig config = small_config();
  for (int64_t epoch = 0; epoch < 3; ++epoch) {
    const EpochPlan plan = plan_epoch(lengths, config, 7, epoch);
    std::map<int64_t, int> seen;
    for (const auto& batch : plan.batches) {
      REQUIRE(!batch.empty());
      int64_t longest = 0;
      for (const BatchItem& item : batch) {
        ++seen[item.utterance];
        const int64_t length = lengths[static_cast<size_t>(item.utterance)];
        CHECK(item.crop_samples == std::min(length, config.crop_samples));
        CHECK(item.crop_start_samples >= 0);
        CHECK(item.crop_start_samples + item.crop_samples <= length);
        longest = std::max(longest, item.crop_samples);
      }
      CHECK(longest * std::ssize(batch) <= config.batch_samples);
    }
    for (size_t i = 0; i < lengths.size(); ++i)
      CHECK(seen[static_cast<int64_t>(i)] == (lengths[i] >= config.min_samples ? 1 : 0));
    CHECK(plan.left_out == std::count_if(lengths.begin(), lengths.end(), [&](int64_t n) { return n < 500; }));
  }
}

TEST_CASE("a plan depends on seed and epoch and on nothing else") {
  const std::vector<int64_t> lengths = random_lengths(300);
  const DataConfig config = small_config();
  const auto batches = plan_epoch(lengths, config, 7, 3).batches;
  CHECK(plan_epoch(lengths, config, 7, 3).batches == batches);
  CHECK(plan_epoch(lengths, config, 7, 4).batches != batches);
  CHECK(plan_epoch(lengths, config, 8, 3).batches != batches);
}

TEST_CASE("batches hold similar lengths but other company every epoch") {
  const std::vector<int64_t> lengths = random_lengths(2000);
  const DataConfig config = small_config();
  const auto padding_share = [&](int64_t buckets) {
    DataConfig with = config;
    with.buckets = buckets;
    int64_t used = 0;
    int64_t padded = 0;
    for (const auto& batch : plan_epoch(lengths, with, 1, 0).batches) {
      int64_t longest = 0;
      for (const BatchItem& item : batch) {
        used += item.crop_samples;
        longest = std::max(longest, item.crop_samples);
      }
      padded += longest * std::ssize(batch);
    }
    return 1.0 - static_cast<double>(used) / static_cast<double>(padded);
  };
  CHECK(padding_share(8) < 0.1);
  CHECK(padding_share(1) > 0.15);

  const auto mates_of_the_first = [&](int64_t epoch) {
    const auto batches = plan_epoch(lengths, config, 1, epoch).batches;
    const int64_t wanted =
        std::find_if(lengths.begin(), lengths.end(), [](int64_t n) { return n > 500; }) - lengths.begin();
    for (const auto& batch : batches) {
      std::vector<int64_t> ids;
      for (const BatchItem& item : batch) ids.push_back(item.utterance);
      std::sort(ids.begin(), ids.end());
      if (std::binary_search(ids.begin(), ids.end(), wanted)) return ids;
    }
    return std::vector<int64_t>();
  };
  CHECK(mates_of_the_first(0) != mates_of_the_first(1));
}

TEST_CASE("random crops cover every place, centre crops stay") {
  const std::vector<int64_t> lengths = {3003};
  const DataConfig config = small_config();
  std::map<int64_t, int> starts;
  for (int64_t epoch = 0; epoch < 400; ++epoch) {
    ++starts[plan_epoch(lengths, config, 1, epoch).batches[0][0].crop_start_samples];
    CHECK(plan_epoch(lengths, config, 1, epoch, CropPlace::centre).batches[0][0].crop_start_samples == 1);
  }
  REQUIRE(starts.size() == 4);
  CHECK(starts.begin()->first == 0);
  CHECK(starts.rbegin()->first == 3);
  for (const auto& [start, times] : starts) CHECK(times > 60);
}

TEST_CASE("nothing long enough gives no batch") {
  const std::vector<int64_t> lengths = {0, 1, 499};
  const EpochPlan plan = plan_epoch(lengths, small_config(), 1, 0);
  CHECK(plan.batches.empty());
  CHECK(plan.left_out == 3);
  CHECK(plan_epoch({}, small_config(), 1, 0).batches.empty());
}
