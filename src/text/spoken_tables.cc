#include "text/spoken_tables.h"

#include <unicode/locid.h>

namespace wav2vec {

SpokenTables::SpokenTables(const std::string& locale)
    : language(icu::Locale(locale.c_str()).getLanguage()),
      words(find_words(language)),
      speller(locale),
      style(number_style(locale, words != nullptr && words->groups_with_blanks)) {}

}  // namespace wav2vec
