#include "wav2vec/synthesis/spoken_words.h"

#include <doctest/doctest.h>

using namespace wav2vec;

namespace {

const TextReader& english() {
  static const TextReader reader(TextOptions{.max_readings = 1});
  return reader;
}

/// A word for each place, a second long, one after the other.
std::vector<VoicedWord> voiced_at(std::initializer_list<size_t> bytes) {
  std::vector<VoicedWord> words;
  for (const size_t byte : bytes) {
    const auto second = static_cast<double>(words.size());
    words.push_back({byte, second, second + 0.75});
  }
  return words;
}

std::optional<std::vector<TimedLabel>> words_of(const std::string& text,
                                                std::initializer_list<size_t> bytes) {
  return spoken_words(text, english().read(text), voiced_at(bytes));
}

}  // namespace

TEST_CASE("spoken words: one of the voice for each of the reading") {
  const auto words = words_of("Well, don't!", {0, 6});
  REQUIRE(words);
  CHECK(*words == std::vector<TimedLabel>{{0.0, 0.75, "well"}, {1.0, 0.75, "don't"}});
}

TEST_CASE("spoken words: what the voice divides is one word again") {
  const auto words = words_of("the cat's", {0, 4, 4});
  REQUIRE(words);
  CHECK(words->back() == TimedLabel{1.0, 1.75, "cat's"});
}

TEST_CASE("spoken words: parts of a compound have times of their own") {
  const auto words = words_of("well-known", {0, 5});
  REQUIRE(words);
  CHECK(*words == std::vector<TimedLabel>{{0.0, 0.75, "well"}, {1.0, 0.75, "known"}});
}

TEST_CASE("spoken words: nothing where it is not certain which word is which") {
  CHECK_FALSE(words_of("only $5", {0, 5, 5}));            // five dollars, dollar five
  CHECK_FALSE(words_of("a well-known b", {0, 2, 13}));    // two words of the reading, one of the voice
  CHECK_FALSE(words_of("one two", {0}));                  // a word was not said
  CHECK_FALSE(words_of("one \xF0\x9F\x98\x80", {0, 4}));  // the voice names what has no reading
  CHECK_FALSE(words_of("one two", {0, 3}));               // a word that begins with a blank
}

TEST_CASE("voiced text: a line without marks") {
  CHECK(voiced_text("JOHN: Well,\n\tI  know. [sighs]", english().read("JOHN: Well,\n\tI  know. [sighs]")) ==
        "Well, I know.");
  CHECK(voiced_text("<i>No</i>", english().read("<i>No</i>")) == "No");
  CHECK(voiced_text("[sighs]", english().read("[sighs]")).empty());
}
