#include "wav2vec/align/token_chain.h"

#include <algorithm>

#include "wav2vec/text/token_set.h"

namespace wav2vec {

bool is_chain(std::span<const ChainState> chain) {
  bool any_required = false;
  for (size_t s = 0; s < chain.size(); ++s) {
    if (s > 0 && chain[s].optional && chain[s - 1].optional) return false;
    any_required |= !chain[s].optional;
  }
  return any_required;
}

int64_t least_frames(std::span<const ChainState> chain) {
  std::vector<int64_t> least(chain.size(), 0);  // with the state itself
  const auto before = [&](size_t s) -> int64_t {
    const int64_t next = s == 0 ? 0 : least[s - 1];
    const int64_t skip = s == 0 || !chain[s - 1].optional ? next : (s == 1 ? 0 : least[s - 2]);
    const int64_t jump =
        s < chain.size() && chain[s].jump_from >= 0 ? least[static_cast<size_t>(chain[s].jump_from)] : next;
    return std::min({next, skip, jump});
  };
  for (size_t s = 0; s < chain.size(); ++s) least[s] = before(s) + 1;
  return before(chain.size());
}

std::vector<ChainState> chain_of(std::span<const int> tokens) {
  std::vector<ChainState> chain;
  for (const int token : tokens) {
    const bool is_gap = token == kGapToken;
    chain.push_back({.letter = std::ssize(chain), .optional = is_gap, .lasting = is_gap});
  }
  return chain;
}

}  // namespace wav2vec
