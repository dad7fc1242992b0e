#include "wav2vec/train/communicator.h"

#include <doctest/doctest.h>

#include <thread>

using namespace wav2vec;

TEST_CASE("thread group: every rank holds the same sum, again and again") {
  constexpr int kRanks = 3;
  auto ranks = make_thread_group(kRanks);
  std::vector<std::vector<float>> values(kRanks);
  std::vector<std::vector<double>> doubles(kRanks);
  std::vector<std::thread> threads;
  for (int r = 0; r < kRanks; ++r) {
    threads.emplace_back([&, r] {
      const auto rank = static_cast<size_t>(r);
      for (int round = 0; round < 50; ++round) {
        values[rank] = {static_cast<float>(r) + 0.1F, static_cast<float>(round)};
        doubles[rank] = {1.0 / (r + 1)};
        ranks[rank]->all_reduce_sum(std::span<float>(values[rank]));
        ranks[rank]->all_reduce_sum(std::span<double>(doubles[rank]));
        ranks[rank]->barrier();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (size_t r = 0; r < kRanks; ++r) {
    CHECK(ranks[r]->rank() == static_cast<int>(r));
    CHECK(ranks[r]->size() == kRanks);
    CHECK(values[r] == values[0]);
    CHECK(values[r][1] == 3.0F * 49.0F);
    CHECK(doubles[r][0] == doctest::Approx(1.0 + 0.5 + 1.0 / 3.0));
  }
}

TEST_CASE("single process: sums stay what they are") {
  SingleProcess alone;
  std::vector<float> values{1.0F, 2.0F};
  alone.all_reduce_sum(std::span<float>(values));
  CHECK(values == std::vector<float>{1.0F, 2.0F});
  CHECK(alone.size() == 1);
}
