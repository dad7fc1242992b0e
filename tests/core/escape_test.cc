#include "wav2vec/core/escape.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "wav2vec/core/rng.h"

namespace wav2vec {
namespace {

TEST_CASE("printable keeps text and shows what would act on a terminal") {
  CHECK(printable("plain text, naïve 中文 😀") == "plain text, naïve 中文 😀");
  CHECK(printable("").empty());
  CHECK(printable("a\nb\tc\rd") == "a\\nb\\tc\\x0dd");
  CHECK(printable("\x1b[2J\x07\x7f") == "\\x1b[2J\\x07\\x7f");
  CHECK(printable(std::string_view("a\0b", 3)) == "a\\x00b");
  CHECK(printable("\xC2\x9B") == "\\x9b");  // C1 control sequence introducer
  CHECK(printable("a\xE2\x80\xAE"
                  "b") == "a\\u202eb");  // right-to-left override
  CHECK(printable("\xE2\x80\xA8\xE2\x80\xA9") == "\\u2028\\u2029");
  CHECK(printable("\xE2\x81\xA6") == "\\u2066");
  CHECK(printable("\xEF\xBB\xBF") == "\\ufeff");
  CHECK(printable("\xF3\xA0\x80\x81") == "\\ue0001");  // tag character
}

TEST_CASE("printable shows invalid UTF-8 byte by byte") {
  CHECK(printable("\xff") == "\\xff");
  CHECK(printable("\x80x") == "\\x80x");
  CHECK(printable("\xC0\xAF") == "\\xc0\\xaf");                    // overlong '/'
  CHECK(printable("\xE0\x80\xAF") == "\\xe0\\x80\\xaf");           // overlong
  CHECK(printable("\xED\xA0\x80") == "\\xed\\xa0\\x80");           // surrogate
  CHECK(printable("\xF4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");  // above U+10FFFF
  CHECK(printable("\xE4\xB8") == "\\xe4\\xb8");                    // cut
  CHECK(printable("\xE4\xB8"
                  "a") ==
        "\\xe4\\xb8"
        "a");
}

TEST_CASE("whatever goes in, only printable UTF-8 comes out") {
  const RandomStream random(1, RandomUse::shuffle, {});
  for (uint64_t i = 0; i < 2000; ++i) {
    std::string text;
    for (uint64_t j = 0; j < 16; ++j) text += static_cast<char>(random.bits(i * 16 + j));
    const std::string shown = printable(text);
    REQUIRE(is_valid_utf8(shown));
    REQUIRE(printable(shown) == shown);
    for (const char c : shown) REQUIRE(static_cast<unsigned char>(c) >= 0x20);
  }
}

TEST_CASE("valid UTF-8 is told from other bytes") {
  for (const char* text : {"", "a", "\x7f", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
                           "\xEE\x80\x80", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"})
    CHECK(is_valid_utf8(text));
  for (const char* text : {"\x80", "\xC1\xBF", "\xC2", "\xC2x", "\xE0\x9F\xBF", "\xED\xA0\x80",
                           "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE", "a\xFF"})
    CHECK_FALSE(is_valid_utf8(text));
}

TEST_CASE("shell: a word is one word, and nothing in it is obeyed") {
  CHECK(shell_word("film.en-2_a/b=c,d:e@f%+1.srt") == "film.en-2_a/b=c,d:e@f%+1.srt");
  CHECK(shell_word("") == "''");
  CHECK(shell_word("my film; rm -rf $HOME `x` \"y\"") == "'my film; rm -rf $HOME `x` \"y\"'");
  CHECK(shell_word("it's") == "'it'\\''s'");
}

TEST_CASE("HTML: text stays text in elements and in quoted attributes") {
  CHECK(escape_html("<script>alert('1' & \"2\")</script>") ==
        "&lt;script&gt;alert(&#39;1&#39; &amp; &quot;2&quot;)&lt;/script&gt;");
  CHECK(escape_html("&amp;") == "&amp;amp;");
  CHECK(escape_html("naïve") == "naïve");
  const std::string all = escape_html("x\" onerror='y' <b>");
  CHECK(all.find_first_of("<>\"'") == std::string::npos);
}

TEST_CASE("JSON inside a script element: nothing closes it, and JSON reads the same") {
  const nlohmann::json value = {"</script><!--<script>", "a & b", "\xE2\x80\xA8\xE2\x80\xA9", "]]>",
                                "naïve \" \\"};
  const std::string safe = escape_json_for_html(value.dump());
  CHECK(safe.find_first_of("<>&") == std::string::npos);
  CHECK(safe.find("\xE2\x80\xA8") == std::string::npos);
  CHECK(safe.find("\xE2\x80\xA9") == std::string::npos);
  CHECK(nlohmann::json::parse(safe) == value);
}

}  // namespace
}  // namespace wav2vec
