#include "text/number_speller.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace wav2vec {
namespace {

TEST_CASE("the usual form comes first, and none twice") {
  const NumberSpeller english("en");
  CHECK(english.cardinals(105) == Words{"one hundred five", "one hundred and five"});
  CHECK(english.cardinals(7) == Words{"seven"});
  CHECK(english.ordinals(22) == Words{"twenty-second"});
  CHECK(english.years(1984).front() == "nineteen eighty-four");
  CHECK(english.years(2005).front() == "two thousand five");
  CHECK(english.digits("105") == Words{"one zero five", "one oh five"});
  CHECK(english.decimals("3", "14") == Words{"three  point  one four", "three  point  fourteen"});
}

TEST_CASE("genders, Czech decimals and ordinals, Russian thousands, Japanese sounds") {
  const NumberSpeller czech("cs");
  CHECK(czech.cardinals(2).front() == "dva");
  CHECK(czech.cardinals(2, "feminine").front() == "dvě");
  CHECK(czech.decimals("2", "5").front() == "dvě celé pět");
  CHECK(czech.decimals("0", "5").front() == "nula celá pět");
  CHECK(czech.decimals("5", "25").front() == "pět celých dvacet pět");
  CHECK(czech.ordinals(3) == Words{"třetí", "třetího"});
  CHECK(czech.ordinals(21) == Words{"dvacátý první", "dvacátého prvního", "dvacátá první", "dvacáté první"});
  CHECK(czech.ordinals(20).front() == "dvacátý");
  CHECK(czech.ordinals(100).empty());
  CHECK(czech.cardinals(1000).front() == "tisíc");
  CHECK(NumberSpeller("ru").cardinals(1984).front() == "тысяча девятьсот восемьдесят четыре");
  const NumberSpeller japanese("ja");
  CHECK(japanese.cardinals(1984).front() == "senkyuuhyakuhachijuuyon");
  CHECK(japanese.cardinals(3600).front() == "sanzenroppyaku");
  CHECK(NumberSpeller("zh").years(1984).front() == "一九八四");
}

TEST_CASE("plural categories and names of currencies without a table") {
  const NumberSpeller russian("ru");
  CHECK(russian.plural_category(1) == "one");
  CHECK(russian.plural_category(3) == "few");
  CHECK(russian.plural_category(5) == "many");
  CHECK(NumberSpeller("en").currency_name("CHF", 2) == "Swiss francs");
  CHECK(NumberSpeller("en").currency_name("CHF", 1) == "Swiss franc");
}

}  // namespace
}  // namespace wav2vec
