#pragma once
// What signs are called in the languages that have a table here. Numbers themselves are ICU's.

#include <optional>
#include <span>
#include <string_view>

namespace wav2vec {

/// By CLDR's plural categories; what is empty is as `other`.
struct PluralWord {
  std::string_view other = {};
  std::string_view one = {};
  std::string_view few = {};
  std::string_view many = {};

  std::string_view of(std::string_view category) const;
};

struct LanguageWords {
  std::string_view language = {};
  bool groups_with_blanks = false;  ///< 10 000
  bool dot_makes_ordinal = false;   ///< 3. října
  PluralWord percent = {};
  bool percent_is_first = false;
  PluralWord degree = {};
  std::string_view celsius = {};
  std::string_view fahrenheit = {};
  std::string_view minus = {};
  std::string_view plus = {};
  std::string_view equals = {};
  std::string_view ampersand = {};
  std::string_view at = {};
  std::string_view number = {};  ///< for # and № before a number
  std::string_view to = {};      ///< in 10-20
  PluralWord hour = {};          ///< between hours and minutes; empty where nothing is said
  std::string_view hour_gender = {};
  std::string_view half = {};
  std::string_view and_half = {};  ///< of 2½, behind the 2
  std::string_view quarter = {};
  std::string_view three_quarters = {};
};

/// Null where there is no table: signs are then not spoken.
const LanguageWords* find_words(std::string_view language);

struct CurrencyWords {
  std::string_view language = {};
  std::string_view code = {};    ///< ISO 4217
  std::string_view gender = {};  ///< of the number before it, as ICU names its rules
  PluralWord unit = {};
  PluralWord hundredth = {};  ///< empty: only the number is said
};

const CurrencyWords* find_currency(std::string_view language, std::string_view code);

struct CurrencySign {
  std::u32string_view sign = {};
  std::string_view code = {};
  bool before = false;         ///< may stand before the amount (all may stand behind it)
  bool is_word = false;        ///< no letter may follow
  std::string_view only = {};  ///< the only language that has it
};

std::span<const CurrencySign> currency_signs();

/// English words for abbreviations, the usual one first. The dot is not part of it.
struct Abbreviation {
  std::string_view written = {};  ///< in small letters
  std::string_view first = {};
  std::string_view second = {};
  bool needs_dot = true;
  bool before_number = false;  ///< only there
};

const Abbreviation* find_abbreviation(std::string_view language, std::string_view written);

}  // namespace wav2vec
