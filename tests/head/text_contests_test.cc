// The utterances of a batch against wrong texts.

#include "wav2vec/head/text_contests.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>

#include "wav2vec/text/character_tokens.h"

using namespace wav2vec;

namespace {

SpokenText text_of(const std::string& words) { return spoken_text(encode(words)); }

/// A recording of two utterances and one of a single one.
std::vector<SpokenText> recordings() {
  SpokenText joined = text_of("so it is maybe not");
  joined.parts = {{.first_frame = 0, .end_frame = 40, .letters = text_of("so it is").parts[0].letters},
                  {.first_frame = 40,
                   .end_frame = std::numeric_limits<int64_t>::max(),
                   .letters = text_of("maybe not").parts[0].letters}};
  return {joined, text_of("good day")};
}

}  // namespace

TEST_CASE("text contests: each utterance on its own frames, the right text first") {
  const std::vector<int64_t> frames{100, 60};
  const TextContests found = text_contests(recordings(), frames, 3, {.seed = 1, .epoch = 2});
  REQUIRE(found.contests.size() == 3);
  const std::vector<std::string> right{" so it is ", " maybe not ", " good day "};
  const std::vector<int64_t> items{0, 0, 1};
  const std::vector<int64_t> first{0, 40, 0};
  const std::vector<int64_t> end{40, 100, 60};
  size_t texts = 0;
  for (size_t i = 0; i < 3; ++i) {
    const TextContest& contest = found.contests[i];
    CHECK(contest.item == items[i]);
    CHECK(contest.first_frame == first[i]);
    CHECK(contest.end_frame == end[i]);
    CHECK(contest.first_text == texts);
    CHECK(contest.text_count == 4);
    CHECK(found.texts[texts] == encode(right[i]));
    for (size_t n = texts + 1; n < texts + contest.text_count; ++n) {
      CHECK(found.texts[n] != found.texts[texts]);
      CHECK(found.texts[n].front() == token_of(' '));
      CHECK(found.texts[n].back() == token_of(' '));
    }
    texts += contest.text_count;
  }
  CHECK(found.texts.size() == texts);
}

TEST_CASE("text contests: draws follow from seed, epoch and batch") {
  const std::vector<int64_t> frames{100, 60};
  const auto texts = [&](const BatchPlace& place) {
    return text_contests(recordings(), frames, 3, place).texts;
  };
  CHECK(texts({1, 2, 3}) == texts({1, 2, 3}));
  bool differs[3] = {};
  for (uint64_t n = 0; n < 8; ++n) {
    differs[0] |= texts({n, 2, 3}) != texts({1, 2, 3});
    differs[1] |= texts({1, n, 3}) != texts({1, 2, 3});
    differs[2] |= texts({1, 2, n}) != texts({1, 2, 3});
  }
  for (const bool one : differs) CHECK(one);
}

TEST_CASE("text contests: without frames or without a wrong text there is none") {
  const std::vector<int64_t> short_frames{30, 60};
  const TextContests found = text_contests(recordings(), short_frames, 2, {});
  REQUIRE(found.contests.size() == 2);
  CHECK(found.contests[0].end_frame == 30);
  CHECK(found.contests[1].item == 1);
  const std::vector<SpokenText> alone{text_of("yes")};
  const std::vector<int64_t> frames{50};
  CHECK(text_contests(alone, frames, 3, {}).contests.empty());
  CHECK(text_contests(alone, frames, 3, {}).texts.empty());
}
