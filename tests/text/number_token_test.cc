#include "text/number_token.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace wav2vec {
namespace {

struct Case {
  std::string text;
  std::string whole;
  std::string fraction;
  size_t length;
};

void check_all(const std::string& language, bool with_blanks, const std::vector<Case>& cases) {
  const NumberStyle style = number_style(language, with_blanks);
  for (const Case& c : cases) {
    CAPTURE(language);
    CAPTURE(c.text);
    const NumberToken number = number_at(trace_utf8(c.text, InvalidUtf8::refuse), 0, style);
    CHECK(number.whole == c.whole);
    CHECK(number.fraction == c.fraction);
    CHECK(number.end == c.length);
  }
}

TEST_CASE("what divides thousands and what decimals, by language") {
  check_all("en", false,
            {{"1,234", "1234", "", 5},
             {"1.234", "1", "234", 5},
             {"1,234.5", "1234", "5", 7},
             {"1,234,567", "1234567", "", 9},
             {"1.234.567", "1234567", "", 9},
             {"1.234,5", "1234", "5", 7},
             {"2,5", "2", "5", 3},
             {"2.50", "2", "50", 4},
             {"10 000", "10", "", 2},
             {"10\u00A0000", "10000", "", 6},
             {"1'000", "1000", "", 5},
             {"7.", "7", "", 1},
             {"7, 8", "7", "", 1},
             {"1,2,3", "1", "", 1},
             {"1.2.3", "1", "", 1},
             {"0,123", "0", "123", 5},
             {"1234,567", "1234", "567", 8},
             {"1,2345", "1", "2345", 6}});
  check_all("de", false,
            {{"1.234", "1234", "", 5},
             {"1,234", "1", "234", 5},
             {"1.234,5", "1234", "5", 7},
             {"2,5", "2", "5", 3},
             {"10 000", "10", "", 2}});
  check_all("cs", true,
            {{"10 000", "10000", "", 6},
             {"10 000,5", "10000", "5", 8},
             {"10 00", "10", "", 2},
             {"2010 500", "2010", "", 4}});
}

}  // namespace
}  // namespace wav2vec
