#include "text/latin_script.h"

#include <fmt/format.h>
#include <unicode/translit.h>

#include <algorithm>
#include <utility>

#include "text/icu_error.h"
#include "text/traced_replaceable.h"
#include "text/unicode_class.h"

namespace wav2vec {
namespace {

using Characters = std::span<const TracedCharacter>;

// ICU's rules for a script know one language's readings. The tables of the BGN and of the UN write what an
// English reader would say (zh, kh, shch), as most transcripts in Latin letters do.
std::string_view cyrillic_rules(std::string_view language) {
  constexpr std::pair<std::string_view, std::string_view> kRules[] = {
      {"uk", "Ukrainian-Latin/BGN"},  {"be", "Belarusian-Latin/BGN"}, {"bg", "Bulgarian-Latin/BGN"},
      {"sr", "Serbian-Latin/BGN"},    {"mk", "Macedonian-Latin/BGN"}, {"kk", "Kazakh-Latin/BGN"},
      {"ky", "Kirghiz-Latin/BGN"},    {"mn", "Mongolian-Latin/BGN"},  {"uz", "Uzbek-Latin/BGN"},
      {"az", "Azerbaijani-Latin/BGN"}};
  for (const auto& [name, rules] : kRules) {
    if (name == language) return rules;
  }
  return "Russian-Latin/BGN";
}

std::string rules_for(std::string_view language, std::string_view after_latin) {
  // ICU has no letters for the first line's, and writes the second's as s with a cedilla.
  return fmt::format(
      "::NFKC; ::Lower;"
      "ə > e; ɛ > e; ɔ > o; ɣ > g; ʃ > sh; ʒ > zh; ɲ > ny;"
      "שׂ > s; שׁ > sh; ש > sh;"
      // A filter that stood first here would hold for all that follows.
      "::NFC;"
      "::[[:Cyrillic:][:M:]] {};"
      "::[[:Greek:][:M:]] Greek-Latin/UNGEGN;"
      "::Any-Latin; ::NFC;"
      "{}"
      "::NFKD; ::[:M:] Remove; ::Latin-ASCII; ::Lower;",
      cyrillic_rules(language), after_latin);
}

// Scholars' c, ś and ṣ are heard as ch and sh.
constexpr std::string_view kIndic = "c h > chh; c > ch; ś > sh; ṣ > sh; ṁ > n; ṃ > n;";

// The sign that carries vowels, which scholars write as x.
constexpr std::string_view kThai = "x > o;";

std::unique_ptr<icu::Transliterator> make_rules(const std::string& text) {
  UErrorCode status = U_ZERO_ERROR;
  UParseError where;
  std::unique_ptr<icu::Transliterator> rules(icu::Transliterator::createFromRules(
      "wav2vec", icu::UnicodeString::fromUTF8(text), UTRANS_FORWARD, where, status));
  check_icu(status, "rules of transliteration");
  return rules;
}

bool is_indic(char32_t c) { return c >= 0x0900 && c <= 0x0D7F; }
bool is_thai(char32_t c) { return c >= 0x0E00 && c <= 0x0E7F; }
bool is_ascii_letter(char32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
char small(char32_t c) { return static_cast<char>(c | 0x20U); }

/// Where a long word may be cut: rules work on what is handed over at once, and take time by its square.
size_t piece_length(Characters word) {
  constexpr size_t kUsual = 48;
  constexpr size_t kMost = 64;
  if (word.size() <= kMost) return word.size();
  size_t length = kUsual;
  while (length < kMost && is_mark(word[length].code)) ++length;
  return length;
}

/// Hindi's last short a is written by no sign and said by nobody.
bool ends_in_silent_a(Characters word, std::string_view language) {
  if (language != "hi" && language != "mr" && language != "pa" && language != "gu" && language != "bn")
    return false;
  bool last = false;
  for (const TracedCharacter& c : word) {
    const bool nukta = c.code == 0x093C;
    if (nukta) continue;
    last = (c.code >= 0x0915 && c.code <= 0x0939) || (c.code >= 0x0958 && c.code <= 0x095F);
  }
  return last && word.size() > 1;
}

}  // namespace

struct LatinScript::Rules {
  std::string language;
  std::unique_ptr<icu::Transliterator> usual;
  std::unique_ptr<icu::Transliterator> indic;
  std::unique_ptr<icu::Transliterator> thai;

  void transliterate(Characters piece, LatinWord& out) const {
    const auto has = [&](bool (*predicate)(char32_t)) {
      return std::any_of(piece.begin(), piece.end(), [&](const auto& c) { return predicate(c.code); });
    };
    const icu::Transliterator& rules = *(has(is_indic) ? indic : has(is_thai) ? thai : usual);
    for (const TracedCharacter& c : wav2vec::transliterate(rules, piece)) {
      if (is_ascii_letter(c.code)) {
        out.reading.text += small(c.code);
        out.reading.source.push_back(c.source);
      } else if (is_letter(c.code) && u_charType(static_cast<UChar32>(c.code)) != U_MODIFIER_LETTER) {
        out.unscored.push_back(c.source);
      }
    }
  }

  /// Letters between two apostrophes.
  void read_part(Characters part, bool han_is_japanese, LatinWord& out) const {
    const bool is_ascii =
        std::all_of(part.begin(), part.end(), [](const auto& c) { return is_ascii_letter(c.code); });
    if (is_ascii) {
      for (const TracedCharacter& c : part) {
        out.reading.text += small(c.code);
        out.reading.source.push_back(c.source);
      }
      return;
    }
    TracedText kept;
    for (const TracedCharacter& c : part) {
      if (han_is_japanese && script_of(c.code) == USCRIPT_HAN) {
        if (is_letter(c.code)) out.unscored.push_back(c.source);
      } else {
        kept.push_back(c);
      }
    }
    for (Characters rest = kept; !rest.empty();) {
      const size_t length = piece_length(rest);
      transliterate(rest.first(length), out);
      rest = rest.subspan(length);
    }
  }
};

LatinScript::LatinScript(const std::string& language) : rules_(std::make_unique<Rules>()) {
  rules_->language = language;
  rules_->usual = make_rules(rules_for(language, ""));
  rules_->indic = make_rules(rules_for(language, kIndic));
  rules_->thai = make_rules(rules_for(language, kThai));
}
LatinScript::~LatinScript() = default;
LatinScript::LatinScript(LatinScript&&) noexcept = default;

LatinWord LatinScript::latin(std::span<const TracedCharacter> word, bool han_is_japanese) const {
  LatinWord out;
  const TracedCharacter* apostrophe = nullptr;
  for (size_t at = 0; at < word.size();) {
    const size_t begin = at;
    while (at < word.size() && !is_apostrophe(word[at].code)) ++at;
    LatinWord part;
    rules_->read_part(word.subspan(begin, at - begin), han_is_japanese, part);
    if (!part.reading.text.empty()) {
      if (apostrophe != nullptr && !out.reading.text.empty()) {
        out.reading.text += '\'';
        out.reading.source.push_back(apostrophe->source);
      }
      apostrophe = nullptr;
      out.reading.text += part.reading.text;
      out.reading.source.insert(out.reading.source.end(), part.reading.source.begin(),
                                part.reading.source.end());
    }
    out.unscored.insert(out.unscored.end(), part.unscored.begin(), part.unscored.end());
    if (at < word.size()) apostrophe = &word[at++];
  }
  if (out.reading.text.ends_with('a') && out.reading.text.size() > 2 &&
      ends_in_silent_a(word, rules_->language)) {
    out.reading.text.pop_back();
    out.reading.source.pop_back();
  }
  return out;
}

}  // namespace wav2vec
