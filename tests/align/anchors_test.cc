#include "wav2vec/align/anchors.h"

#include <doctest/doctest.h>

#include <string>

#include "wav2vec/text/character_tokens.h"

using namespace wav2vec;

namespace {

HeardTokens heard(const std::string& text, int64_t first_frame = 0, int64_t frames_per_token = 8) {
  HeardTokens out{encode(text), {}};
  for (size_t i = 0; i < out.tokens.size(); ++i)
    out.frames.push_back(first_frame + static_cast<int64_t>(i) * frames_per_token);
  return out;
}

const AnchorOptions kShort{.length = 5};

}  // namespace

TEST_CASE("anchors: runs that occur once in both, in their common order") {
  const std::string text = "the quick brown fox jumps over a lazy dog";
  const auto anchors = find_anchors(heard(text, 100), encode(text), kShort);
  REQUIRE(anchors.size() > 10);
  for (const Anchor& anchor : anchors) CHECK(anchor.frame == 100 + 8 * anchor.token);
}

TEST_CASE("anchors: gaps that were heard elsewhere do not matter") {
  const auto anchors =
      find_anchors(heard("thequ ickbr ownfox jumps"), encode("the quick brown fox jumps"), kShort);
  CHECK(anchors.size() > 5);
}

TEST_CASE("anchors: what repeats is none, and neither is one that stands alone") {
  CHECK(find_anchors(heard("hello hello"), encode("hello"), kShort).empty());
  CHECK(find_anchors(heard("hello"), encode("hello"), kShort).empty());
}

TEST_CASE("anchors: a passage that was moved is left out") {
  const auto anchors = find_anchors(heard("over a lazy dog the quick brown fox jumps"),
                                    encode("the quick brown fox jumps over a lazy dog"), kShort);
  REQUIRE_FALSE(anchors.empty());
  for (size_t i = 1; i < anchors.size(); ++i) {
    CHECK(anchors[i].token > anchors[i - 1].token);
    CHECK(anchors[i].frame > anchors[i - 1].frame);
  }
  CHECK(find_anchors(heard(""), encode("abc"), kShort).empty());
  CHECK(find_anchors(heard("abc"), {}, kShort).empty());
}
