#include "wav2vec/text/text_language.h"

#include <doctest/doctest.h>

#include "wav2vec/core/language_code.h"

using namespace wav2vec;

namespace {

constexpr std::string_view kEnglish =
    "I was just about to leave when the telephone rang.\nWho was it? Nobody answered, there was only "
    "somebody "
    "breathing.\nYou should have told me that before we went to the police.\n";
constexpr std::string_view kCzech =
    "Právě jsem chtěl odejít, když zazvonil telefon.\nKdo to byl? Nikdo se neozval, jen tam někdo dýchal.\n"
    "To jsi mi měl říct dřív, než jsme šli na policii.\nTeď už je pozdě, všechno jsem jim řekl.\n";

std::string first(std::string_view text) {
  const std::vector<LanguageShare> found = text_languages(text);
  return found.empty() ? "" : found[0].code;
}

}  // namespace

TEST_CASE("text language: what a subtitle is written in, whatever its marks say") {
  CHECK(first(kEnglish) == "en");
  CHECK(first(kCzech) == "cs");
  CHECK(first("<font color=\"yellow\">" + std::string(kCzech) +
              "</font>\n[door opens and somebody comes in]") == "cs");
  CHECK(first("Мы пошли домой, потому что было уже очень поздно и все устали.\nА потом никто не мог найти "
              "ключ от "
              "квартиры, и нам пришлось ждать.") == "ru");
  CHECK(first("我们回家了，因为已经很晚了，大家都很累。后来谁也找不到公寓的钥匙，我们只好在外面等着，一直等到"
              "天亮。"
              "你应该早点告诉我，这样我们就不用去找警察了。") == "zh");
}

TEST_CASE("text language: too little text, no text and no UTF-8 are of no language") {
  CHECK(text_languages("").empty());
  CHECK(text_languages("No.").empty());
  CHECK(text_languages("12:30 - 14 + 15 = ???").empty());
  CHECK(text_languages(std::string(1000, '\xff')).empty());
  CHECK(first("\xff\xfe" + std::string(kEnglish)) == "en");
}

TEST_CASE("text language: another language is only said of what is known") {
  const std::vector<LanguageShare> czech = text_languages(kCzech);
  CHECK(is_other_language(czech, "eng"));
  CHECK_FALSE(is_other_language(czech, "cze"));
  CHECK_FALSE(is_other_language(czech, "cs-CZ"));
  CHECK_FALSE(is_other_language(czech, ""));
  CHECK_FALSE(is_other_language({}, "en"));
  CHECK_FALSE(is_other_language({{"en", 0.7}, {"cs", 0.3}}, "cs"));
  CHECK(is_other_language({{"en", 0.95}, {"cs", 0.05}}, "cs"));
}

TEST_CASE("text language: codes of two and three letters") {
  for (const auto& [a, b] : {std::pair{"en", "eng"},
                             {"en-GB", "en"},
                             {"de", "ger"},
                             {"deu", "de"},
                             {"es", "spa"},
                             {"zh-Hant", "chi"},
                             {"nb", "nor"},
                             {"et", "est"}}) {
    CAPTURE(a);
    CHECK(same_language(a, b));
    CHECK(same_language(b, a));
  }
  for (const auto& [a, b] :
       {std::pair{"en", "de"}, {"es", "est"}, {"sl", "slk"}, {"", ""}, {"e", "e"}, {"ma", "mac"}}) {
    CAPTURE(a);
    CAPTURE(b);
    CHECK_FALSE(same_language(a, b));
    CHECK_FALSE(same_language(b, a));
  }
}
