#include "wav2vec/core/workspace.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

namespace wav2vec {
namespace {

template <class T>
bool is_aligned(std::span<T> memory) {
  return reinterpret_cast<uintptr_t>(memory.data()) % 64 == 0;
}

TEST_CASE("every push is aligned and apart from the others") {
  Workspace workspace;
  std::vector<std::span<float>> pushed;
  for (int64_t count : {1, 15, 16, 17, 0, 1000, 3}) {
    pushed.push_back(workspace.push_floats(count));
    CHECK(pushed.back().size() == static_cast<size_t>(count));
    CHECK(is_aligned(pushed.back()));
    for (float& value : pushed.back()) value = static_cast<float>(pushed.size());
  }
  CHECK(is_aligned(workspace.push_doubles(3)));
  CHECK(is_aligned(workspace.push_integers(3)));
  for (size_t i = 0; i < pushed.size(); ++i) {
    for (const float value : pushed[i]) REQUIRE(value == static_cast<float>(i + 1));
  }
}

TEST_CASE("rewinding gives the same memory again and leaves what lies below") {
  Workspace workspace;
  const auto below = workspace.push_floats(10);
  below[9] = 42.0F;
  const Workspace::Mark mark = workspace.mark();
  const float* first = workspace.push_floats(100).data();
  workspace.push_floats(100);
  workspace.rewind(mark);
  CHECK(workspace.push_floats(50).data() == first);
  CHECK(below[9] == 42.0F);
}

TEST_CASE("memory is taken while shapes are new, never afterwards") {
  Workspace workspace;
  const auto step = [&](int64_t scale) {
    const Workspace::Mark mark = workspace.mark();
    for (int64_t i = 1; i <= 6; ++i) workspace.push_floats(i * scale * 300000);
    workspace.rewind(mark);
  };
  for (const int64_t scale : {1, 3, 2, 5}) step(scale);
  const int64_t allocations = workspace.allocations();
  const size_t capacity = workspace.capacity_bytes();
  CHECK(allocations >= 2);
  for (int round = 0; round < 10; ++round) {
    for (const int64_t scale : {5, 1, 2, 3}) step(scale);
  }
  CHECK(workspace.allocations() == allocations);
  CHECK(workspace.capacity_bytes() == capacity);
}

TEST_CASE("activations keep shape and lengths") {
  Workspace workspace;
  const std::vector<int64_t> lengths = {3, 1};
  const Activations x = workspace.push(2, 3, 4, lengths);
  CHECK(x.size() == 24);
  CHECK(x.valid_frames() == 4);
  CHECK(x.item(1) == x.item(0) + 12);
  CHECK(x.frame(1, 2) == x.item(0) + 20);
  const Activations y = workspace.push_like(x);
  CHECK(y.item(0) >= x.item(0) + 24);
  CHECK(y.lengths.data() == x.lengths.data());
}

}  // namespace
}  // namespace wav2vec
