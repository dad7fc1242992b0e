#include "wav2vec/text/phone_tokens.h"

#include <doctest/doctest.h>

#include <set>

#include "wav2vec/core/error.h"
#include "wav2vec/text/token_set.h"

namespace wav2vec {
namespace {

std::string there_and_back(std::string_view ipa) {
  return text_of_tokens(TokenKind::phones, phones_of_ipa(ipa).tokens);
}

TEST_CASE("every phone has a token of its own, and it leads back") {
  std::set<int> tokens;
  for (const std::string_view phone : PhoneTokens::kPhones) {
    const int token = token_of_phone(phone);
    CHECK(token > PhoneTokens::kBlank);
    CHECK(token < PhoneTokens::kCount);
    CHECK_MESSAGE(tokens.insert(token).second, phone);
    CHECK(phone_of(token) == phone);
    if (phone != " ") CHECK_MESSAGE(there_and_back(phone) == phone, phone);
  }
  CHECK(tokens.size() == 87);  // docs/text.md says so: 86 and the blank between words
  CHECK(token_of_phone(" ") == kGapToken);
  CHECK(token_of_phone("") == -1);
  CHECK(token_of_phone("aɪ") == -1);
  CHECK_THROWS_AS(phone_of(0), InternalError);
  CHECK_THROWS_AS(phone_of(PhoneTokens::kCount), InternalError);
}

TEST_CASE("phones of IPA: stress, length, tone and secondary articulation are dropped") {
  CHECK(there_and_back("wˈɔːtɚ") == "wɔtɚ");
  CHECK(there_and_back("ˌʌn.tʰˈaɪ̯d") == "ʌntaɪd");
  CHECK(there_and_back("dʲˈenʲ") == "den");
  CHECK(there_and_back("ni2χˈɑu2") == "niχɑu");
  CHECK(there_and_back("t͡ʃ") == "tʃ");
  CHECK(there_and_back("le-") == "le");
  CHECK(phones_of_ipa("ˈaɪ").tokens.size() == 2);
}

TEST_CASE("phones of IPA: a mark counts where it makes another phone") {
  CHECK(there_and_back("bɔ̃ʒˈuʁ") == "bɔ̃ʒuʁ");
  CHECK(phones_of_ipa("ɔ̃").tokens.size() == 1);
  CHECK(there_and_back("tr̝̊ˈi") == "tr̝i");
  CHECK(there_and_back("nɐ̃ʊ̃") == "nɑ̃ʊ");
  // Precomposed or not.
  CHECK(there_and_back("\u00E3") == there_and_back("a\u0303"));
  CHECK(there_and_back("\u00E4") == there_and_back("a\u0308"));
}

TEST_CASE("phones of IPA: symbols outside the list become near ones, and what is no symbol is counted") {
  CHECK(there_and_back("ɫᵻɱg") == "lɪmɡ");
  CHECK(phones_of_ipa("ɫᵻɱg").unknown == 0);
  CHECK(there_and_back("ʦˈar") == "tsar");
  const PhoneSequence sequence = phones_of_ipa("aЖb\xFF");
  CHECK(text_of_tokens(TokenKind::phones, sequence.tokens) == "ab");
  CHECK(sequence.unknown == 2);
  CHECK(phones_of_ipa("").tokens.empty());
  CHECK(phones_of_ipa("ˈː\u0303").tokens.empty());
}

}  // namespace
}  // namespace wav2vec
