#pragma once
// The phones that a head predicts, numbered: one list for all languages, so that one head can hear several.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wav2vec {

/// 0 is CTC's blank and stands for no phone; then the blank between words and the phones of the IPA:
///  - vowels and consonants without stress, tone, length and secondary articulation (ʲ ʰ ʷ ˠ): neighbours and
///    the chain, in which a phone lasts as long as it sounds, tell these;
///  - diphthongs and affricates as their parts (aɪ: a ɪ; tʃ: t ʃ), so that no language needs its own;
///  - four nasal vowels; others are the nearest of these, or have no nasality (kNearPhones in
///    phone_tokens.cc);
///  - Czech's r̝, for it is neither r nor ʒ.
struct PhoneTokens {
  static constexpr int kBlank = 0;
  static constexpr std::string_view kPhones[] = {
      " ",
      // vowels, from close to open
      "i", "y", "ɨ", "ʉ", "ɯ", "u", "ɪ", "ʏ", "ʊ", "e", "ø", "ɵ", "ɤ", "o", "ə", "ɛ", "œ", "ɜ", "ʌ", "ɔ", "æ",
      "ɐ", "a", "ɑ", "ɒ", "ɚ", "ɛ̃", "œ̃", "ɔ̃", "ɑ̃",
      // plosives
      "p", "b", "t", "d", "ʈ", "ɖ", "c", "ɟ", "k", "ɡ", "q", "ʔ",
      // nasals, trills and taps
      "m", "n", "ɳ", "ɲ", "ŋ", "r", "ʀ", "ɾ", "ɽ", "r̝",
      // fricatives
      "ɸ", "β", "f", "v", "θ", "ð", "s", "z", "ʃ", "ʒ", "ʂ", "ʐ", "ɕ", "ʑ", "ç", "ʝ", "x", "ɣ", "χ", "ʁ", "ħ",
      "ʕ", "h", "ɦ", "ɬ",
      // approximants
      "ʋ", "ɹ", "j", "ɥ", "ɰ", "w", "l", "ɭ", "ʎ"};
  static constexpr int kCount = 1 + static_cast<int>(std::size(kPhones));
};

/// Of a phone as it stands in kPhones; −1 for anything else.
int token_of_phone(std::string_view phone);
/// Throws InternalError for a number that is no phone's token.
std::string_view phone_of(int token);

struct PhoneSequence {
  std::vector<int> tokens;
  int64_t unknown = 0;  ///< symbols that are no phone here and have no near one; they are left out
};

/// Phones in IPA (UTF-8) without blanks. Marks are dropped, symbols outside the list become near ones.
PhoneSequence phones_of_ipa(std::string_view ipa);

}  // namespace wav2vec
