#include "text/traced_replaceable.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unicode/translit.h>

#include <memory>
#include <string>

namespace wav2vec {
namespace {

struct Case {
  std::string rules;
  std::string text;
  std::u32string result;
  std::string source;
};

TEST_CASE("what ICU's rules write comes from what they read") {
  const std::vector<Case> cases = {{"x > y;", "axb", U"ayb", "0-1 1-2 2-3"},
                                   {"x > yz;", "axb", U"ayzb", "0-1 1-2 1-2 2-3"},
                                   {"xx > y;", "axxb", U"ayb", "0-1 1-3 3-4"},
                                   {"x > ;", "axb", U"ab", "0-1 2-3"},
                                   // Rules that move what they read: ICU works on a copy behind the text.
                                   {"([ab]) ([cd]) > $2 $1;", "xacy", U"xcay", "0-1 1-3 1-3 3-4"},
                                   {"([ab]) c > $1 '+';", "xacy", U"xa+y", "0-1 1-2 2-3 3-4"},
                                   {"b ([ac]) > '+' $1;", "xbay", U"x+ay", "0-1 1-2 2-3 3-4"},
                                   {"b ([ac]) > '+' $1;", "bay", U"+ay", "0-1 1-2 2-3"},
                                   {"([ab]) > $1 '+';", "xac", U"xa+c", "0-1 1-2 1-2 2-3"},
                                   {"::Upper;", "aß", U"ASS", "0-1 1-3 1-3"},
                                   {"::Any-Latin;", "Щи", U"Ŝi", "0-2 2-4"},
                                   {"::Hex-Any;", "\\u0061", U"a", "0-6"},
                                   {"😀 > '+';", "a😀b", U"a+b", "0-1 1-5 5-6"}};
  for (const Case& c : cases) {
    CAPTURE(c.rules);
    UErrorCode status = U_ZERO_ERROR;
    UParseError where;
    const std::unique_ptr<icu::Transliterator> rules(icu::Transliterator::createFromRules(
        "test", icu::UnicodeString::fromUTF8(c.rules), UTRANS_FORWARD, where, status));
    REQUIRE(U_SUCCESS(status));
    const TracedText result = transliterate(*rules, trace_utf8(c.text, InvalidUtf8::refuse));
    std::u32string codes;
    std::string source;
    for (const TracedCharacter& character : result) {
      codes += character.code;
      source +=
          fmt::format("{}{}-{}", source.empty() ? "" : " ", character.source.begin, character.source.end);
    }
    CHECK(codes == c.result);
    CHECK(source == c.source);
  }
}

}  // namespace
}  // namespace wav2vec
