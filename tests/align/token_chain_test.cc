#include "wav2vec/align/token_chain.h"

#include <doctest/doctest.h>

#include "wav2vec/text/character_tokens.h"

using namespace wav2vec;

TEST_CASE("token chain: a state for every letter, and gaps that may be passed by") {
  const std::vector<ChainState> chain = chain_of(encode(" all is "));
  REQUIRE(chain.size() == 8);
  for (size_t s = 0; s < chain.size(); ++s) {
    CHECK(chain[s].letter == static_cast<int64_t>(s));
    CHECK(chain[s].optional == (s == 0 || s == 4 || s == 7));
  }
  CHECK(is_chain(chain));
  CHECK(least_frames(chain) == 5);
}

TEST_CASE("token chain: no text makes no chain, and two optional states in a row are none") {
  CHECK_FALSE(is_chain(chain_of({})));
  const std::vector<ChainState> two{
      {.letter = 1}, {.letter = 2, .optional = true}, {.letter = 3, .optional = true}};
  CHECK_FALSE(is_chain(two));
}
