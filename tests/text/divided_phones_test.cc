#include "text/divided_phones.h"

#include <doctest/doctest.h>

#include <string>

#include "wav2vec/core/rng.h"
#include "wav2vec/text/phone_tokens.h"
#include "wav2vec/text/token_set.h"

namespace wav2vec {
namespace {

using Words = std::vector<std::vector<int>>;

Words words_of(const std::vector<std::string>& texts) {
  Words words;
  for (const std::string& text : texts) words.push_back(phones_of_ipa(text).tokens);
  return words;
}

std::vector<std::string> divided(const std::vector<std::string>& groups,
                                 const std::vector<std::string>& alone) {
  std::vector<std::string> words;
  for (const std::vector<int>& word : divided_phones(words_of(groups), words_of(alone)))
    words.push_back(text_of_tokens(TokenKind::phones, word));
  return words;
}

using Texts = std::vector<std::string>;

TEST_CASE("divided phones: words that are said as one are told apart by how they sound alone") {
  CHECK(divided({"ɪnðə", "haʊs", "əvə", "fɹɛnd"}, {"ɪn", "ðə", "haʊs", "ʌv", "eɪ", "fɹɛnd"}) ==
        Texts{"ɪn", "ðə", "haʊs", "əv", "ə", "fɹɛnd"});
}

TEST_CASE("divided phones: a word may be several groups") {
  CHECK(divided({"twɛnti", "faɪv", "dɑlɚz"}, {"twɛntifaɪv", "dɑlɚz"}) == Texts{"twɛntifaɪv", "dɑlɚz"});
}

TEST_CASE("divided phones: a sound that a word has in its clause alone stays within its group") {
  CHECK(divided({"lez", "ami", "kɔm", "vu"}, {"le", "ami", "kɔm", "vu", ""}) ==
        Texts{"lez", "ami", "kɔm", "vu", ""});
}

TEST_CASE("divided phones: none is lost and none is moved, whatever is said") {
  const RandomStream random(5, RandomUse::crop, {});
  uint64_t draw = 0;
  const auto random_words = [&](uint64_t most) {
    Words words(random.below(draw++, most));
    for (std::vector<int>& word : words) {
      word.resize(random.below(draw++, 12));
      for (int& phone : word) phone = 2 + static_cast<int>(random.below(draw++, PhoneTokens::kCount - 2));
    }
    return words;
  };
  for (int i = 0; i < 200; ++i) {
    const Words groups = random_words(8);
    Words alone = random_words(8);
    alone.emplace_back();
    std::vector<int> said;
    for (const std::vector<int>& group : groups) said.insert(said.end(), group.begin(), group.end());
    std::vector<int> joined;
    const Words words = divided_phones(groups, alone);
    for (const std::vector<int>& word : words) joined.insert(joined.end(), word.begin(), word.end());
    CHECK(words.size() == alone.size());
    CHECK(joined == said);
  }
  CHECK(divided_phones({}, {}).empty());
}

}  // namespace
}  // namespace wav2vec
