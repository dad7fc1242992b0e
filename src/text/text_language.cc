#include "wav2vec/text/text_language.h"

#include <cld2/public/compact_lang_det.h>
#include <unicode/locid.h>
#include <unicode/unistr.h>

#include <algorithm>

#include "text/language_tag.h"
#include "wav2vec/core/language_code.h"
#include "wav2vec/text/markup.h"

namespace wav2vec {
namespace {

// Shorter texts are often taken for another language's.
constexpr int kFewestBytes = 150;
// Names and quotations are in other languages too.
constexpr double kMuch = 0.1;
// So much is enough to tell.
constexpr size_t kMostBytes = 200'000;

}  // namespace

std::vector<LanguageShare> text_languages(std::string_view utf8) {
  icu::UnicodeString speech;
  const TracedText traced = trace_utf8(utf8.substr(0, kMostBytes), InvalidUtf8::replace);
  for (const TracedCharacter& c : strip_markup(traced).speech) speech.append(static_cast<UChar32>(c.code));
  std::string valid;
  speech.toUTF8String(valid);
  CLD2::Language languages[3];
  int percents[3] = {};
  int bytes = 0;
  bool reliable = false;
  CLD2::DetectLanguageSummary(valid.data(), static_cast<int>(valid.size()), true, languages, percents, &bytes,
                              &reliable);
  std::vector<LanguageShare> found;
  if (!reliable || bytes < kFewestBytes) return found;
  for (int k = 0; k < 3; ++k) {
    if (languages[k] == CLD2::UNKNOWN_LANGUAGE || percents[k] <= 0) continue;
    // Some of its codes are old ones: "iw" for "he".
    UErrorCode status = U_ZERO_ERROR;
    const icu::Locale locale = icu::Locale::forLanguageTag(CLD2::LanguageCode(languages[k]), status);
    const auto code = locale.toLanguageTag<std::string>(status);
    if (U_SUCCESS(status) && is_known_language(code)) found.push_back({code, 0.01 * percents[k]});
  }
  return found;
}

bool is_other_language(const std::vector<LanguageShare>& text, std::string_view code) {
  return !text.empty() && !code.empty() && std::ranges::none_of(text, [&](const LanguageShare& language) {
    return language.share >= kMuch && same_language(language.code, code);
  });
}

}  // namespace wav2vec
