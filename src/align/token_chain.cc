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

TextChain chain_of(std::span<const int> tokens) {
  static const int gap = token_of(' ');
  TextChain chain;
  const auto add = [&chain](int token, bool optional, int64_t position) {
    chain.states.push_back({.token = token, .optional = optional});
    chain.positions.push_back(position);
  };
  if (!tokens.empty() && tokens.front() != gap) add(gap, true, -1);
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (i > 0 && tokens[i] == tokens[i - 1]) add(CharacterTokens::kBlank, false, -1);
    add(tokens[i], false, static_cast<int64_t>(i));
  }
  if (!tokens.empty() && tokens.back() != gap) add(gap, true, -1);
  return chain;
}

}  // namespace wav2vec
