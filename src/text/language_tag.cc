#include "text/language_tag.h"

#include <fmt/format.h>
#include <unicode/locid.h>

#include <algorithm>
#include <cstring>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"

namespace wav2vec {

namespace {

/// Empty for what ICU does not know.
std::string known_locale(const std::string& language) {
  std::string tag = language;
  std::replace(tag.begin(), tag.end(), '_', '-');
  UErrorCode status = U_ZERO_ERROR;
  const icu::Locale locale = icu::Locale::forLanguageTag(tag, status);
  if (U_FAILURE(status) || locale.getLanguage()[0] == '\0') return "";
  int32_t count = 0;
  const icu::Locale* known = icu::Locale::getAvailableLocales(count);
  const bool is_known = std::any_of(known, known + count, [&](const icu::Locale& other) {
    return std::strcmp(other.getLanguage(), locale.getLanguage()) == 0;
  });
  return is_known ? locale.getName() : "";
}

}  // namespace

std::string locale_of(const std::string& language) {
  std::string locale = known_locale(language);
  if (locale.empty())
    throw ConfigError(fmt::format("language \"{}\" is unknown; give a code such as en, cs, pt-BR or zh",
                                  printable(language)));
  return locale;
}

bool is_known_language(const std::string& language) { return !known_locale(language).empty(); }

}  // namespace wav2vec
