// The order of a sum over micro-batches does not depend on how they are shared out.

#include "wav2vec/train/reduction_tree.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace wav2vec;

namespace {

// The sum as text, with its brackets: equal texts are equal orders.
std::string bracketed(int64_t micro_batches, int ranks) {
  std::vector<TreeNode> nodes;
  std::vector<std::string> values;
  for (int rank = 0; rank < ranks; ++rank) {
    const TreeNode share = share_of_rank(micro_batches, rank, ranks);
    std::vector<TreeNode> leaves;
    std::vector<std::string> own;
    for (int64_t i = share.first; i < share.end; ++i) {
      leaves.push_back({i, i + 1});
      own.push_back(std::to_string(i));
    }
    std::vector<bool> gone(own.size(), false);
    for (const Merge& merge : merges_of(micro_batches, leaves)) {
      own[merge.into] = "(" + own[merge.into] + "+" + own[merge.from] + ")";
      gone[merge.from] = true;
    }
    for (const TreeNode& node : covering_nodes(micro_batches, share)) nodes.push_back(node);
    for (size_t i = 0; i < own.size(); ++i) {
      if (!gone[i]) values.push_back(own[i]);
    }
  }
  REQUIRE(values.size() == nodes.size());
  for (const Merge& merge : merges_of(micro_batches, nodes))
    values[merge.into] = "(" + values[merge.into] + "+" + values[merge.from] + ")";
  return values.front();
}

}  // namespace

TEST_CASE("reduction tree: halves, and halves of halves") {
  CHECK(bracketed(1, 1) == "0");
  CHECK(bracketed(4, 1) == "((0+1)+(2+3))");
  CHECK(bracketed(6, 1) == "((0+(1+2))+(3+(4+5)))");
}

TEST_CASE("reduction tree: every number of ranks adds in the same order") {
  for (int64_t micro_batches = 1; micro_batches <= 17; ++micro_batches) {
    const std::string expected = bracketed(micro_batches, 1);
    for (int ranks = 2; ranks <= micro_batches; ++ranks) {
      CAPTURE(micro_batches);
      CAPTURE(ranks);
      CHECK(bracketed(micro_batches, ranks) == expected);
    }
  }
}

TEST_CASE("reduction tree: ranks that halve the micro-batches hold one node each") {
  for (const int ranks : {1, 2, 4, 8}) {
    for (int rank = 0; rank < ranks; ++rank) {
      const TreeNode share = share_of_rank(24, rank, ranks);
      CHECK(share.leaves() == 24 / ranks);
      CHECK(covering_nodes(24, share) == std::vector<TreeNode>{share});
    }
  }
}
