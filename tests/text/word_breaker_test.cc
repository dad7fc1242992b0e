#include "text/word_breaker.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace wav2vec {
namespace {

std::string words(const std::string& language, const std::string& text) {
  const TracedText traced = trace_utf8(text, InvalidUtf8::refuse);
  std::string found;
  for (const WordSpan& word : WordBreaker(language).words_of(traced)) {
    const ByteRange source = source_of(std::span(traced).subspan(word.begin, word.end - word.begin));
    found += (found.empty() ? "" : "|") + text.substr(source.begin, source.end - source.begin);
  }
  return found;
}

TEST_CASE("words of scripts without blanks, in order, without punctuation") {
  CHECK(words("zh", "我爱北京。") == "我|爱|北京");
  CHECK(words("ja", "東京タワーです") == "東京タワー|です");
  CHECK(words("th", "สวัสดีครับ") == "สวัสดี|ครับ");
  CHECK(words("km", "សួស្តីពិភពលោក") == "សួស្តី|ពិភពលោក");
  CHECK(words("en", "hello世界 😀 don't") == "hello|世界|don't");
  CHECK(words("en", "") == "");
  CHECK(words("en", "?! 😀") == "");
}

TEST_CASE("characters of two UTF-16 units count as one") {
  const TracedText text = trace_utf8("😀𠮷 ab", InvalidUtf8::refuse);
  CHECK(WordBreaker("zh").words_of(text) == std::vector<WordSpan>{{1, 2}, {3, 5}});
}

}  // namespace
}  // namespace wav2vec
