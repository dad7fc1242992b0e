#include "wav2vec/align/token_chain.h"

#include <doctest/doctest.h>

#include "wav2vec/text/character_tokens.h"

using namespace wav2vec;

namespace {

std::vector<int> tokens_of(const TextChain& chain) {
  std::vector<int> tokens;
  for (const ChainState& state : chain.states) tokens.push_back(state.token);
  return tokens;
}

}  // namespace

TEST_CASE("token chain: gaps around the text and between words, and a blank between equal letters") {
  const TextChain chain = chain_of(encode("all is"));
  const int gap = token_of(' ');
  CHECK(tokens_of(chain) == std::vector<int>{gap, token_of('a'), token_of('l'), CharacterTokens::kBlank,
                                             token_of('l'), gap, token_of('i'), token_of('s'), gap});
  CHECK(chain.positions == std::vector<int64_t>{-1, 0, 1, -1, 2, 3, 4, 5, -1});
  CHECK(chain.states.front().optional);
  CHECK(chain.states.back().optional);
  CHECK_FALSE(chain.states[5].optional);
  CHECK(is_chain(chain.states));
  CHECK(least_frames(chain.states) == 7);
}

TEST_CASE("token chain: no text makes no chain, and two optional states in a row are none") {
  CHECK_FALSE(is_chain(chain_of({}).states));
  const std::vector<ChainState> two{
      {.token = 1}, {.token = 2, .optional = true}, {.token = 3, .optional = true}};
  CHECK_FALSE(is_chain(two));
}
