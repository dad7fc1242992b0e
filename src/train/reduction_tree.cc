#include "wav2vec/train/reduction_tree.h"

namespace wav2vec {
namespace {

int64_t middle(const TreeNode& node) { return node.first + node.leaves() / 2; }

void cover(const TreeNode& node, const TreeNode& part, std::vector<TreeNode>& out) {
  if (node.end <= part.first || part.end <= node.first) return;
  if (part.first <= node.first && node.end <= part.end) {
    out.push_back(node);
    return;
  }
  cover({node.first, middle(node)}, part, out);
  cover({middle(node), node.end}, part, out);
}

bool make_up_a_node(int64_t micro_batches, const TreeNode& left, const TreeNode& right) {
  TreeNode node{0, micro_batches};
  while (node.leaves() > 1) {
    const int64_t half = middle(node);
    if (TreeNode{node.first, half} == left) return TreeNode{half, node.end} == right;
    node = left.first < half ? TreeNode{node.first, half} : TreeNode{half, node.end};
  }
  return false;
}

}  // namespace

TreeNode share_of_rank(int64_t micro_batches, int rank, int ranks) {
  return {micro_batches * rank / ranks, micro_batches * (rank + 1) / ranks};
}

std::vector<TreeNode> covering_nodes(int64_t micro_batches, const TreeNode& part) {
  std::vector<TreeNode> nodes;
  cover({0, micro_batches}, part, nodes);
  return nodes;
}

std::vector<Merge> merges_of(int64_t micro_batches, std::span<const TreeNode> nodes) {
  struct Standing {
    TreeNode node;
    size_t index;
  };
  std::vector<Standing> stack;
  std::vector<Merge> merges;
  for (size_t i = 0; i < nodes.size(); ++i) {
    stack.push_back({nodes[i], i});
    while (stack.size() > 1 &&
           make_up_a_node(micro_batches, stack[stack.size() - 2].node, stack.back().node)) {
      const Standing right = stack.back();
      stack.pop_back();
      merges.push_back({stack.back().index, right.index});
      stack.back().node.end = right.node.end;
    }
  }
  return merges;
}

}  // namespace wav2vec
