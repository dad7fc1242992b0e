#include "wav2vec/core/workspace.h"

#include <algorithm>

#include <cstdlib>
#include <new>
#include "wav2vec/core/large_memory.h"

namespace wav2vec {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kSmallestBlock = size_t{16} << 20;

size_t round_up(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace

struct Workspace::Block {
  explicit Block(size_t bytes) : size(bytes), data(static_cast<std::byte*>(allocate_large(bytes))) {}
  ~Block() { free_large(data); }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  size_t size;
  std::byte* data;
};

Workspace::Workspace() = default;
Workspace::~Workspace() = default;

std::byte* Workspace::push_bytes(size_t count) {
  count = round_up(std::max<size_t>(count, 1));
  while (top_.block < blocks_.size() && top_.used + count > blocks_[top_.block]->size) {
    ++top_.block;
    top_.used = 0;
  }
  if (top_.block == blocks_.size()) {
    blocks_.push_back(std::make_unique<Block>(std::max(count, kSmallestBlock)));
    ++allocations_;
  }
  std::byte* result = blocks_[top_.block]->data + top_.used;
  top_.used += count;
  return result;
}

std::span<float> Workspace::push_floats(int64_t count) {
  const auto n = static_cast<size_t>(count);
  return {reinterpret_cast<float*>(push_bytes(n * sizeof(float))), n};
}

std::span<double> Workspace::push_doubles(int64_t count) {
  const auto n = static_cast<size_t>(count);
  return {reinterpret_cast<double*>(push_bytes(n * sizeof(double))), n};
}

std::span<int64_t> Workspace::push_integers(int64_t count) {
  const auto n = static_cast<size_t>(count);
  return {reinterpret_cast<int64_t*>(push_bytes(n * sizeof(int64_t))), n};
}

Activations Workspace::push(int64_t batch, int64_t frames, int64_t channels, std::span<const int64_t> lengths,
                            DType dtype) {
  const auto count = static_cast<size_t>(batch * frames * channels);
  return {push_bytes(count * bytes_per_element(dtype)), batch, frames, channels, lengths, dtype};
}

std::span<Bf16> Workspace::push_bf16(int64_t count) {
  const auto n = static_cast<size_t>(count);
  return {reinterpret_cast<Bf16*>(push_bytes(n * sizeof(Bf16))), n};
}

size_t Workspace::capacity_bytes() const {
  size_t sum = 0;
  for (const auto& block : blocks_) sum += block->size;
  return sum;
}

}  // namespace wav2vec
