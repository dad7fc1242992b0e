#pragma once
// What one language needs to say numbers and signs.

#include <string>
#include <string_view>

#include "text/language_words.h"
#include "text/number_speller.h"
#include "text/number_token.h"

namespace wav2vec {

struct SpokenTables {
  std::string language;  // two or three letters
  const LanguageWords* words = nullptr;
  NumberSpeller speller;
  NumberStyle style;

  explicit SpokenTables(const std::string& locale);

  /// A word of the language's table; empty where there is none.
  std::string_view word(std::string_view LanguageWords::*which) const {
    return words == nullptr ? std::string_view() : words->*which;
  }
};

}  // namespace wav2vec
