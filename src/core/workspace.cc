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

// Makes the smallest free block that holds `count` bytes the top. Where none does, the free ones give way to
// one that does: small blocks would stay idle beside it.
void Workspace::next_block(size_t count) {
  const auto first_free = blocks_.begin() + static_cast<ptrdiff_t>(blocks_.empty() ? 0 : top_.block + 1);
  auto best = blocks_.end();
  for (auto block = first_free; block != blocks_.end(); ++block) {
    if ((*block)->size >= count && (best == blocks_.end() || (*block)->size < (*best)->size)) best = block;
  }
  top_ = {static_cast<size_t>(first_free - blocks_.begin()), 0};
  if (best != blocks_.end()) return std::iter_swap(first_free, best);
  blocks_.erase(first_free, blocks_.end());
  blocks_.push_back(std::make_unique<Block>(std::max(count, kSmallestBlock)));
  ++allocations_;
}

std::byte* Workspace::push_bytes(size_t count) {
  count = round_up(std::max<size_t>(count, 1));
  if (blocks_.empty() || top_.used + count > blocks_[top_.block]->size) next_block(count);
  std::byte* result = blocks_[top_.block]->data + top_.used;
  top_.used += count;
  return result;
}

Activations Workspace::push(int64_t batch, int64_t frames, int64_t channels, std::span<const int64_t> lengths,
                            DType dtype) {
  const auto count = static_cast<size_t>(batch * frames * channels);
  return {push_bytes(count * bytes_per_element(dtype)), batch, frames, channels, lengths, dtype};
}

size_t Workspace::capacity_bytes() const {
  size_t sum = 0;
  for (const auto& block : blocks_) sum += block->size;
  return sum;
}

}  // namespace wav2vec
