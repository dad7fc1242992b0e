#include "wav2vec/text/traced_text.h"

#include <doctest/doctest.h>

#include <string>

#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

TEST_CASE("characters know their bytes") {
  const TracedText text = trace_utf8("aé中😀", InvalidUtf8::refuse);
  REQUIRE(text.size() == 4);
  CHECK(text[0].code == U'a');
  CHECK(text[1].code == U'é');
  CHECK(text[2].code == U'中');
  CHECK(text[3].code == U'😀');
  CHECK(text[1].source == ByteRange{1, 3});
  CHECK(text[2].source == ByteRange{3, 6});
  CHECK(text[3].source == ByteRange{6, 10});
  CHECK(source_of(text) == ByteRange{0, 10});
  CHECK(source_of({}) == ByteRange{0, 0});
  CHECK(trace_utf8("", InvalidUtf8::refuse).empty());
}

TEST_CASE("invalid UTF-8 is refused with the byte's offset, or replaced byte by byte") {
  struct Case {
    std::string text;
    std::string message;
    size_t characters;
  };
  for (const Case& c : {Case{"ab\xff", "byte 2 (0xff)", 3}, Case{"\xC0\xAF", "byte 0 (0xc0)", 2},
                        Case{"é\xED\xA0\x80", "byte 2 (0xed)", 4}, Case{"a\xE4\xB8", "byte 1 (0xe4)", 3},
                        Case{"\xF4\x90\x80\x80", "byte 0 (0xf4)", 4}}) {
    CAPTURE(c.message);
    try {
      trace_utf8(c.text, InvalidUtf8::refuse);
      FAIL_CHECK("was accepted");
    } catch (const DataError& error) {
      CHECK(std::string(error.what()).find(c.message) == 0);
    }
    const TracedText replaced = trace_utf8(c.text, InvalidUtf8::replace);
    CHECK(replaced.size() == c.characters);
    CHECK(replaced.back().code == 0xFFFD);
    CHECK(replaced.back().source == ByteRange{c.text.size() - 1, c.text.size()});
  }
}

TEST_CASE("words that are said for a sign all come from it") {
  const TracedText said = trace_all_to("ně", {3, 6});
  REQUIRE(said.size() == 2);
  CHECK(said[1].code == U'ě');
  CHECK(said[0].source == ByteRange{3, 6});
  CHECK(said[1].source == ByteRange{3, 6});
}

}  // namespace
}  // namespace wav2vec
