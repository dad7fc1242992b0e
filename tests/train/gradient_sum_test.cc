// Sums of gradients: the same bits on any number of ranks, in buckets of any size.

#include "wav2vec/train/gradient_sum.h"

#include <doctest/doctest.h>

#include <cmath>

#include "support/ranks.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/rng.h"

using namespace wav2vec;

namespace {

// Two parameters, of which the second spans several blocks.
ParameterLayout some_layout() {
  ParameterLayout layout;
  layout.add({.name = "b", .shape = {5000, 7}});
  layout.add({.name = "a", .shape = {300}});
  layout.freeze();
  return layout;
}

// As the gradients below become ready.
std::vector<ParameterId> backward(const ParameterLayout& layout) {
  return {layout.by_name().rbegin(), layout.by_name().rend()};
}

constexpr uint64_t kValues = 35300;

float gradient(int64_t update, int64_t micro_batch, uint64_t value) {
  const RandomStream random(1, RandomUse::shuffle,
                            {static_cast<uint64_t>(update), static_cast<uint64_t>(micro_batch)});
  return static_cast<float>(std::exp(20.0 * random.uniform(value)) * (random.uniform(value + kValues) - 0.5));
}

struct Run {
  std::vector<float> sum;
  std::vector<OwnedRange> owned;
};

// What every rank has after the second of two updates. `tells`: as a backward pass tells what is ready.
std::vector<Run> sums(int ranks, int64_t micro_batches, const DistributedConfig& config, bool tells = true,
                      int64_t empty = -1) {
  const ParameterLayout layout = some_layout();
  std::vector<Run> out(static_cast<size_t>(ranks));
  test::run_ranks_well(ranks, [&](Communicator& rank) {
    GradientSum sum(rank, layout, backward(layout), config, micro_batches);
    for (int64_t update = 0; update < 2; ++update) {
      for (int64_t n = sum.share().first; n < sum.share().end; ++n) {
        const GradientTarget target = sum.next();
        for (size_t p = layout.by_name().size(); p-- > 0 && n != empty;) {
          const ParameterId id = layout.by_name()[p];
          const std::span<float> values = target.block[id];
          for (size_t i = 0; i < values.size(); ++i)
            values[i] = gradient(update, n, static_cast<uint64_t>(layout[id].offset) + i);
          if (tells) tell_ready(target, {id});
        }
        sum.done(n == empty);
      }
      const ParameterBlock& block = sum.finish();
      out[static_cast<size_t>(rank.rank())] = {{block.flat().begin(), block.flat().end()}, sum.owned()};
    }
  });
  return out;
}

DistributedConfig small_buckets() {
  DistributedConfig config;
  config.bucket_mib = 1.0 / 64.0;  // one block
  config.timeout_seconds = 10.0;
  return config;
}

}  // namespace

TEST_CASE("gradient sum: 1 to 9 ranks give the same bits") {
  for (const int64_t micro_batches : {1, 2, 4, 6, 9}) {
    const std::vector<float> expected = sums(1, micro_batches, small_buckets())[0].sum;
    double plain = 0.0;
    for (int64_t n = 0; n < micro_batches; ++n) plain += static_cast<double>(gradient(1, n, 12345));
    CHECK(expected[12345] == doctest::Approx(plain).epsilon(1e-5));
    for (int ranks = 2; ranks <= micro_batches; ++ranks) {
      CAPTURE(micro_batches);
      CAPTURE(ranks);
      for (const Run& run : sums(ranks, micro_batches, small_buckets())) CHECK(run.sum == expected);
    }
  }
}

TEST_CASE("gradient sum: neither buckets nor overlap nor what is told change a bit") {
  const std::vector<float> expected = sums(1, 4, small_buckets())[0].sum;
  DistributedConfig one_bucket = small_buckets();
  one_bucket.bucket_mib = 4.0;
  DistributedConfig three_blocks = small_buckets();
  three_blocks.bucket_mib = 3.0 / 64.0;
  DistributedConfig at_the_end = small_buckets();
  at_the_end.overlap = false;
  for (const DistributedConfig& config : {one_bucket, three_blocks, at_the_end}) {
    for (const int ranks : {2, 3, 4}) {
      for (const Run& run : sums(ranks, 4, config)) CHECK(run.sum == expected);
      for (const Run& run : sums(ranks, 4, config, /*tells=*/false)) CHECK(run.sum == expected);
    }
  }
}

TEST_CASE("gradient sum: an empty micro-batch adds nothing, whoever has it") {
  for (const int64_t empty : {0, 1, 3}) {
    const std::vector<float> expected = sums(1, 4, small_buckets(), true, empty)[0].sum;
    CHECK(expected != sums(1, 4, small_buckets())[0].sum);
    for (const int ranks : {2, 3, 4}) {
      for (const Run& run : sums(ranks, 4, small_buckets(), true, empty)) CHECK(run.sum == expected);
    }
  }
}

TEST_CASE("gradient sum: bf16 on the wire is near, and the same on all ranks") {
  const std::vector<float> expected = sums(1, 4, small_buckets())[0].sum;
  DistributedConfig config = small_buckets();
  config.wire = WireType::bf16;
  for (const int ranks : {2, 3, 4}) {
    const std::vector<Run> runs = sums(ranks, 4, config);
    double error = 0.0;
    double norm = 0.0;
    for (size_t i = 0; i < expected.size(); ++i) {
      error += std::pow(static_cast<double>(runs[0].sum[i]) - static_cast<double>(expected[i]), 2);
      norm += std::pow(static_cast<double>(expected[i]), 2);
    }
    CHECK(error > 0.0);
    CHECK(std::sqrt(error / norm) < 0x1p-8);
    for (const Run& run : runs) CHECK(run.sum == runs[0].sum);
  }
}

TEST_CASE("gradient sum: sharded, every value has one owner, who has its sum") {
  const std::vector<float> expected = sums(1, 4, small_buckets())[0].sum;
  DistributedConfig config = small_buckets();
  config.shard_optimizer = true;
  config.bucket_mib = 3.0 / 64.0;
  for (const int ranks : {2, 3, 4}) {
    std::vector<int> owners(expected.size(), 0);
    for (const Run& run : sums(ranks, 4, config)) {
      for (const OwnedRange& range : run.owned) {
        CHECK(range.first % 4096 == 0);
        for (int64_t i = range.first; i < range.end; ++i) {
          ++owners[static_cast<size_t>(i)];
          REQUIRE(run.sum[static_cast<size_t>(i)] == expected[static_cast<size_t>(i)]);
        }
      }
    }
    for (const int count : owners) REQUIRE(count == 1);
  }
}

TEST_CASE("gradient sum: a rank that does not come is named, more ranks than micro-batches are refused") {
  const ParameterLayout layout = some_layout();
  DistributedConfig config = small_buckets();
  config.timeout_seconds = 1.0;
  const auto errors = test::run_ranks(2, [&](Communicator& rank) {
    GradientSum sum(rank, layout, backward(layout), config, 2);
    if (rank.rank() == 1) return;
    sum.next();
    sum.done();
    sum.finish();
  });
  REQUIRE(errors[0]);
  CHECK_THROWS_WITH_AS(std::rethrow_exception(errors[0]),
                       doctest::Contains("heard nothing from rank 1 for 1 s while exchanging gradients"),
                       CommunicationError);
  auto group = make_thread_group(2);
  CHECK_THROWS_WITH_AS(GradientSum(*group[0], layout, backward(layout), config, 1),
                       doctest::Contains("accumulate_batches"), ConfigError);
}
