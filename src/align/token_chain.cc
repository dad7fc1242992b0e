#include "wav2vec/align/token_chain.h"

#include <algorithm>

#include "wav2vec/text/character_tokens.h"

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
  return std::ranges::count_if(chain, [](const ChainState& state) { return !state.optional; });
}

std::vector<ChainState> chain_of(std::span<const int> tokens) {
  static const int gap = token_of(' ');
  std::vector<ChainState> chain;
  for (const int token : tokens) chain.push_back({.letter = std::ssize(chain), .optional = token == gap});
  return chain;
}

}  // namespace wav2vec
