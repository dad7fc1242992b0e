#include "wav2vec/core/language_code.h"

#include <utility>

namespace wav2vec {

bool same_language(std::string_view a, std::string_view b) {
  a = a.substr(0, a.find_first_of("-_"));
  b = b.substr(0, b.find_first_of("-_"));
  if (a.size() < 2 || b.size() < 2) return false;
  if (a == b) return true;
  // Most codes of three letters begin with that of two; these do not, or begin with that of another language.
  constexpr std::pair<std::string_view, std::string_view> kOther[] = {
      {"de", "ger"}, {"fr", "fre"}, {"nl", "dut"}, {"cs", "cze"}, {"el", "gre"}, {"zh", "chi"}, {"es", "spa"},
      {"pl", "pol"}, {"ro", "rum"}, {"sk", "slo"}, {"ja", "jpn"}, {"sv", "swe"}, {"pt", "por"}, {"tr", "tur"},
      {"ga", "gle"}, {"fa", "per"}, {"is", "ice"}, {"mk", "mac"}, {"ms", "may"}, {"sq", "alb"}, {"eu", "baq"},
      {"hy", "arm"}, {"ka", "geo"}, {"cy", "wel"}, {"hr", "hrv"}, {"sr", "srp"}, {"he", "heb"}, {"da", "dan"},
      {"de", "deu"}, {"cs", "ces"}, {"el", "ell"}, {"zh", "zho"}, {"ro", "ron"}, {"sk", "slk"}, {"fa", "fas"},
      {"et", "est"}, {"lv", "lav"}, {"lt", "lit"}, {"uk", "ukr"}, {"sl", "slv"}, {"nb", "nor"}, {"nn", "nor"},
      {"nb", "no"},  {"nn", "no"}};
  for (const auto& [two, three] : kOther) {
    if ((a == two && b == three) || (a == three && b == two)) return true;
  }
  const bool shorter = a.size() == 2 && b.size() == 3, longer = a.size() == 3 && b.size() == 2;
  if (!shorter && !longer) return false;
  const std::string_view two = shorter ? a : b;
  const std::string_view three = shorter ? b : a;
  for (const auto& [other, code] : kOther) {
    if (code == three && other != two) return false;
  }
  return three.substr(0, 2) == two;
}

}  // namespace wav2vec
