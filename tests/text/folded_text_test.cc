#include "text/folded_text.h"

#include <doctest/doctest.h>

#include <string>

namespace wav2vec {
namespace {

std::u32string folded(const std::string& text) {
  std::u32string codes;
  for (const TracedCharacter& c : fold(trace_utf8(text, InvalidUtf8::refuse))) codes += c.code;
  return codes;
}

TEST_CASE("one form of digits, signs, blanks, apostrophes and hyphens") {
  CHECK(folded("١٢３४") == U"1234");
  CHECK(folded("５０％：￥（ａ）") == U"50%:¥(a)");
  CHECK(folded("a\u2003b\tc\u2028d") == U"a b c\nd");
  CHECK(folded("1\u202F000\u00A0x") == U"1\u00A0000\u00A0x");
  CHECK(folded("don’t don‘t donʼt") == U"don't don't don't");
  CHECK(folded("1–2 −3 a—b") == U"1-2 -3 a b");
  CHECK(folded("ﬁ №5 ™®©") == U"fi No5    ");
  CHECK(folded("10² ①") == U"10 2   1 ");
  CHECK(folded("½ 1º 2ª é") == U"½ 1º 2ª é");
}

TEST_CASE("what becomes several characters comes from one") {
  const TracedText text = fold(trace_utf8("aﬃb", InvalidUtf8::refuse));
  REQUIRE(text.size() == 5);
  for (size_t i = 1; i < 4; ++i) CHECK(text[i].source == ByteRange{1, 4});
  CHECK(text[4].source == ByteRange{4, 5});
}

}  // namespace
}  // namespace wav2vec
