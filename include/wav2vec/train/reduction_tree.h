#pragma once
// In which order the gradients of an update's micro-batches are added: along a binary tree over the numbers
// of the micro-batches, each node halved. It knows nothing of ranks, so the bits of the sum do not depend on
// their number; with 2, 4, 8 … ranks that divide the micro-batches every rank computes one node by itself.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace wav2vec {

/// The sum over micro-batches [first, end).
struct TreeNode {
  int64_t first = 0;
  int64_t end = 0;

  int64_t leaves() const { return end - first; }
  bool operator==(const TreeNode&) const = default;
};

/// The micro-batches that a rank computes: contiguous, in the order of the ranks, equal up to one.
TreeNode share_of_rank(int64_t micro_batches, int rank, int ranks);

/// The largest nodes that make up `part`, in order.
std::vector<TreeNode> covering_nodes(int64_t micro_batches, const TreeNode& part);

/// values[into] += values[from].
struct Merge {
  size_t into = 0;
  size_t from = 0;

  bool operator==(const Merge&) const = default;
};

/// How consecutive nodes become the largest ones that they make up, which lie at the indices that no merge is
/// `from`; the whole sum lies at 0.
std::vector<Merge> merges_of(int64_t micro_batches, std::span<const TreeNode> nodes);

}  // namespace wav2vec
