#include "wav2vec/text/phone_tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "text/unicode_class.h"
#include "wav2vec/core/error.h"
#include "wav2vec/text/token_set.h"
#include "wav2vec/text/traced_text.h"

namespace wav2vec {
namespace {

struct NearPhones {
  char32_t symbol;
  std::string_view phones;
};

/// Symbols that are not in the list, and what they are closest to among those that are.
constexpr NearPhones kNearPhones[] = {
    // vowels
    {U'ᵻ', "ɪ"},
    {U'ᵊ', "ə"},
    {U'ɘ', "ə"},
    {U'ɞ', "ɜ"},
    {U'ɝ', "ɚ"},
    {U'ɶ', "œ"},
    {U'ɩ', "ɪ"},
    {U'ɷ', "ʊ"},
    {U'ᴀ', "a"},
    {U'ε', "ɛ"},
    {U'ã', "ɑ̃"},
    {U'õ', "ɔ̃"},
    {U'ẽ', "ɛ̃"},
    {U'ĩ', "i"},
    {U'ũ', "u"},
    {U'ä', "a"},
    {U'ë', "ə"},
    {U'ï', "ɨ"},
    {U'ö', "ɵ"},
    {U'ü', "ʉ"},
    // consonants
    {U'g', "ɡ"},
    {U'ɢ', "ɡ"},
    {U'ɓ', "b"},
    {U'ɗ', "d"},
    {U'ᶑ', "ɖ"},
    {U'ʄ', "ɟ"},
    {U'ɠ', "ɡ"},
    {U'ʛ', "ɡ"},
    {U'ʡ', "ʔ"},
    {U'ɱ', "m"},
    {U'ɴ', "ŋ"},
    {U'ʙ', "b"},
    {U'ⱱ', "v"},
    {U'ɺ', "ɾ"},
    {U'ʜ', "ħ"},
    {U'ʢ', "ʕ"},
    {U'ɧ', "ʃ"},
    {U'ɮ', "ɬ"},
    {U'ɻ', "ɹ"},
    {U'ʍ', "w"},
    {U'ɫ', "l"},
    {U'ʟ', "l"},
    // affricates in one sign
    {U'ʦ', "ts"},
    {U'ʣ', "dz"},
    {U'ʧ', "tʃ"},
    {U'ʤ', "dʒ"},
    {U'ʨ', "tɕ"},
    {U'ʥ', "dʑ"},
    // names of phones for which espeak-ng has no IPA
    {U'A', "a"},
    {U'S', "ʃ"},
    {U'X', "χ"},
    {U'Z', "ʒ"},
};

constexpr char32_t kTilde = 0x303;
constexpr char32_t kRaised = 0x31D;

struct MarkedPhone {
  std::string_view plain;
  char32_t mark;
  std::string_view phone;
};

/// Where a mark makes another phone. Other marks are dropped.
constexpr MarkedPhone kMarkedPhones[] = {
    {"a", kTilde, "ɑ̃"}, {"ɑ", kTilde, "ɑ̃"}, {"ɐ", kTilde, "ɑ̃"},  {"ʌ", kTilde, "ɑ̃"}, {"ə", kTilde, "ɑ̃"},
    {"æ", kTilde, "ɛ̃"}, {"e", kTilde, "ɛ̃"}, {"ɛ", kTilde, "ɛ̃"},  {"o", kTilde, "ɔ̃"}, {"ɔ", kTilde, "ɔ̃"},
    {"œ", kTilde, "œ̃"}, {"ø", kTilde, "œ̃"}, {"r", kRaised, "r̝"},
};

/// Stress, length, tones, ties, secondary articulation and what espeak-ng puts into the names of its phones.
bool is_mark_of_ipa(char32_t c) {
  return is_mark(c) || is_number(c) || (c >= 0x2B0 && c <= 0x2FF) || (c >= 0x1D2C && c <= 0x1D6A) ||
         (c >= 0x1D9B && c <= 0x1DBF) || (c < 0x80 && !is_letter(c)) || c == 0x207F ||
         (c >= 0x2191 && c <= 0x2198) || (c >= 0xA700 && c <= 0xA721);
}

}  // namespace

int token_of_phone(std::string_view phone) {
  const auto* const found = std::ranges::find(PhoneTokens::kPhones, phone);
  return found == std::end(PhoneTokens::kPhones)
             ? -1
             : 1 + static_cast<int>(found - std::begin(PhoneTokens::kPhones));
}

std::string_view phone_of(int token) {
  W2V_CHECK(token > PhoneTokens::kBlank && token < PhoneTokens::kCount,
            fmt::format("token {} is no phone", token));
  return PhoneTokens::kPhones[token - 1];
}

PhoneSequence phones_of_ipa(std::string_view ipa) {
  PhoneSequence phones;
  for (const TracedCharacter& c : trace_utf8(ipa, InvalidUtf8::replace)) {
    const auto* const near = std::ranges::find(kNearPhones, c.code, &NearPhones::symbol);
    if (near != std::end(kNearPhones)) {
      std::ranges::copy(phones_of_ipa(near->phones).tokens, std::back_inserter(phones.tokens));
      continue;
    }
    const int token = token_of_phone(ipa.substr(c.source.begin, c.source.end - c.source.begin));
    if (token > kGapToken) {
      phones.tokens.push_back(token);
      continue;
    }
    if (!is_mark_of_ipa(c.code)) {
      ++phones.unknown;
      continue;
    }
    if (phones.tokens.empty()) continue;
    const std::string_view plain = phone_of(phones.tokens.back());
    for (const MarkedPhone& marked : kMarkedPhones) {
      if (marked.mark == c.code && marked.plain == plain) phones.tokens.back() = token_of_phone(marked.phone);
    }
  }
  return phones;
}

}  // namespace wav2vec
