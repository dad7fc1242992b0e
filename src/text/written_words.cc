#include "text/written_words.h"

#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <string_view>

#include "text/icu_error.h"
#include "text/icu_utf8.h"
#include "text/unicode_class.h"

namespace wav2vec {
WrittenWords::WrittenWords(const std::string& locale) : locale_(locale), scripts_{USCRIPT_LATIN} {
  constexpr int32_t kMost = 8;
  UScriptCode codes[kMost];
  UErrorCode status = U_ZERO_ERROR;
  const int32_t count = uscript_getCode(locale.c_str(), codes, kMost, &status);
  if (U_SUCCESS(status)) scripts_.insert(scripts_.end(), codes, codes + std::min(count, kMost));
  if (std::string_view(icu::Locale(locale.c_str()).getLanguage()) == "ja") {
    kana_.reset(icu::Transliterator::createInstance("Latin-Hiragana", UTRANS_FORWARD, status));
    check_icu(status, "Latin-Hiragana");
  }
}

bool WrittenWords::is_own(std::span<const TracedCharacter> word) const {
  return std::all_of(word.begin(), word.end(), [&](const TracedCharacter& c) {
    const UScriptCode script = script_of(c.code);
    return script == USCRIPT_COMMON || script == USCRIPT_INHERITED ||
           std::find(scripts_.begin(), scripts_.end(), static_cast<int>(script)) != scripts_.end();
  });
}

std::string WrittenWords::of(std::span<const TracedCharacter> word) const {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(status);
  check_icu(status, "NFC");
  icu::UnicodeString text;
  for (const TracedCharacter& c : word) text.append(static_cast<UChar32>(c.code));
  if (kana_) kana_->transliterate(text);
  const icu::UnicodeString composed = nfc->normalize(text, status);
  check_icu(status, "NFC");
  return utf8(composed);
}

std::string WrittenWords::in_small_letters(const std::string& text) const {
  return utf8(icu::UnicodeString::fromUTF8(text).toLower(icu::Locale(locale_.c_str())));
}

bool WrittenWords::is_all_capitals(const std::string& text) const {
  const icu::Locale locale(locale_.c_str());
  const icu::UnicodeString given = icu::UnicodeString::fromUTF8(text);
  return given == icu::UnicodeString(given).toUpper(locale) &&
         given != icu::UnicodeString(given).toLower(locale);
}

}  // namespace wav2vec
