#include "wav2vec/train/communicator.h"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <string>

#include "support/ranks.h"
#include "wav2vec/core/error.h"

using namespace wav2vec;

TEST_CASE("thread group: everybody hears everybody, again and again") {
  std::array<std::vector<std::string>, 3> heard;
  test::run_ranks_well(3, [&](Communicator& rank) {
    for (int round = 0; round < 50; ++round) {
      const std::string mine(static_cast<size_t>(rank.rank() * round), static_cast<char>('a' + rank.rank()));
      heard[static_cast<size_t>(rank.rank())] = gather_texts(rank, mine, {"texts", 10.0});
      barrier(rank, {"a barrier", 10.0});
    }
  });
  const std::vector<std::string> expected{"", std::string(49, 'b'), std::string(98, 'c')};
  for (const auto& texts : heard) CHECK(texts == expected);
}

TEST_CASE("broadcast: what rank 0 has, also with fewer bytes than ranks") {
  for (const size_t size : {0, 1, 2, 1000}) {
    std::vector<std::string> texts(4, std::string(size, '?'));
    for (size_t i = 0; i < size; ++i) texts[0][i] = static_cast<char>('A' + i % 50);
    const std::string expected = texts[0];
    test::run_ranks_well(4, [&](Communicator& rank) {
      std::string& text = texts[static_cast<size_t>(rank.rank())];
      broadcast(rank, std::as_writable_bytes(std::span(text)), {"a text", 10.0});
    });
    for (const std::string& text : texts) CHECK(text == expected);
  }
}

TEST_CASE("a rank that is silent is named, and only it") {
  const auto errors = test::run_ranks(3, [](Communicator& rank) {
    if (rank.rank() != 1) barrier(rank, {"a barrier", 0.3});
  });
  CHECK_FALSE(errors[1]);
  REQUIRE(errors[0]);
  CHECK_THROWS_WITH_AS(
      std::rethrow_exception(errors[0]),
      doctest::Contains("rank 0 heard nothing from rank 1 for 0 s while exchanging a barrier"),
      CommunicationError);
}

TEST_CASE("a wait can be given up") {
  const std::atomic<bool> give_up = true;
  const auto errors = test::run_ranks(2, [&](Communicator& rank) {
    if (rank.rank() == 0) barrier(rank, {"a barrier", 1000.0, &give_up});
  });
  REQUIRE(errors[0]);
  CHECK_THROWS_AS(std::rethrow_exception(errors[0]), CommunicationError);
}

TEST_CASE("single process: there is nobody to wait for") {
  SingleProcess alone;
  barrier(alone, {"a barrier", 0.0});
  CHECK(gather_texts(alone, "mine", {"texts", 0.0}) == std::vector<std::string>{"mine"});
  CHECK(alone.size() == 1);
}
