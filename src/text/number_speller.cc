#include "text/number_speller.h"

#include <fmt/format.h>
#include <unicode/plurrule.h>
#include <unicode/rbnf.h>
#include <unicode/ucurr.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "text/icu_error.h"
#include "text/icu_utf8.h"

namespace wav2vec {
namespace {

void add(Words& words, std::string word) {
  if (!word.empty() && std::find(words.begin(), words.end(), word) == words.end())
    words.push_back(std::move(word));
}

void add_all(Words& words, const Words& more) {
  for (const std::string& word : more) add(words, word);
}

/// ICU says "one thousand …" where nobody does.
std::string without_one(std::string_view language, const std::string& words) {
  constexpr std::array<std::array<std::string_view, 3>, 3> kOne = {
      {{"cs", "jedna tisíc", "tisíc"}, {"ru", "одна тысяча", "тысяча"}, {"uk", "одна тисяча", "тисяча"}}};
  for (const auto& [of, written, said] : kOne) {
    if (language == of && words.starts_with(written))
      return fmt::format("{}{}", said, words.substr(written.size()));
  }
  return words;
}

/// ICU writes Japanese numbers in kanji, for which it has no Japanese sounds.
std::string japanese(const std::string& kanji) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 29> kSounds = {{
      {"三百", "sanbyaku"}, {"六百", "roppyaku"}, {"八百", "happyaku"}, {"三千", "sanzen"},
      {"八千", "hassen"},   {"一兆", "itchou"},   {"八兆", "hatchou"},  {"十兆", "jutchou"},
      {"〇", "zero"},       {"一", "ichi"},       {"二", "ni"},         {"三", "san"},
      {"四", "yon"},        {"五", "go"},         {"六", "roku"},       {"七", "nana"},
      {"八", "hachi"},      {"九", "kyuu"},       {"十", "juu"},        {"百", "hyaku"},
      {"千", "sen"},        {"万", "man"},        {"億", "oku"},        {"兆", "chou"},
      {"・", " ten "},      {"点", " ten "},      {"第", "dai"},        {"元", "gan"},
      {"零", "rei"},
  }};
  std::string sounds;
  for (std::string_view rest = kanji; !rest.empty();) {
    const auto* at = std::find_if(kSounds.begin(), kSounds.end(),
                                  [&](const auto& sound) { return rest.starts_with(sound.first); });
    if (at == kSounds.end()) {
      sounds += rest[0];
      rest.remove_prefix(1);
    } else {
      sounds += at->second;
      rest.remove_prefix(at->first.size());
    }
  }
  return sounds;
}

// ICU has no Czech ordinals.
constexpr std::array<std::string_view, 20> kCzechOrdinals = {
    "",         "první",    "druhý",     "třetí",     "čtvrtý",    "pátý",       "šestý",
    "sedmý",    "osmý",     "devátý",    "desátý",    "jedenáctý", "dvanáctý",   "třináctý",
    "čtrnáctý", "patnáctý", "šestnáctý", "sedmnáctý", "osmnáctý",  "devatenáctý"};
constexpr std::array<std::string_view, 10> kCzechTens = {"",          "",          "dvacátý",  "třicátý",
                                                         "čtyřicátý", "padesátý",  "šedesátý", "sedmdesátý",
                                                         "osmdesátý", "devadesátý"};

/// první → prvního (in dates), druhý → druhého, druhá, druhé.
std::string czech_form(std::string_view word, size_t form) {
  constexpr std::array<std::string_view, 3> kHard = {"ého", "á", "é"};
  constexpr std::array<std::string_view, 3> kSoft = {"ího", "í", "í"};
  constexpr std::string_view kY = "ý";
  const bool hard = word.ends_with(kY);
  return fmt::format("{}{}", word.substr(0, word.size() - kY.size()), hard ? kHard[form] : kSoft[form]);
}

Words czech_ordinals(int64_t value) {
  if (value < 1 || value > 99) return {};
  std::vector<std::string_view> parts;
  if (value >= 20) parts.push_back(kCzechTens[static_cast<size_t>(value / 10)]);
  const int64_t rest = value >= 20 ? value % 10 : value;
  if (rest > 0) parts.push_back(kCzechOrdinals[static_cast<size_t>(rest)]);
  Words words{fmt::format("{}", fmt::join(parts, " "))};
  for (size_t form = 0; form < 3; ++form) {
    Words inflected;
    for (const std::string_view part : parts) inflected.push_back(czech_form(part, form));
    add(words, fmt::format("{}", fmt::join(inflected, " ")));
  }
  return words;
}

int64_t to_integer(std::string_view digits) {
  int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

}  // namespace

struct NumberSpeller::Rules {
  std::string language;
  icu::Locale locale;
  std::unique_ptr<icu::RuleBasedNumberFormat> format;
  std::unique_ptr<icu::PluralRules> plurals;
  std::vector<std::string> names;
  std::string usual;

  bool has(std::string_view name) const { return std::find(names.begin(), names.end(), name) != names.end(); }

  std::string finished(const icu::UnicodeString& spelled) const {
    std::string words = utf8(spelled);
    return language == "ja" ? japanese(words) : words;
  }

  std::string spell(int64_t value, std::string_view name) const {
    if (!has(name)) return {};
    icu::UnicodeString spelled;
    icu::FieldPosition where;
    UErrorCode status = U_ZERO_ERROR;
    format->format(value, icu::UnicodeString::fromUTF8(std::string(name)), spelled, where, status);
    return U_SUCCESS(status) ? finished(spelled) : std::string();
  }

  std::string spell(double value) const {
    icu::UnicodeString spelled;
    icu::FieldPosition where;
    UErrorCode status = U_ZERO_ERROR;
    format->format(value, icu::UnicodeString::fromUTF8(usual), spelled, where, status);
    return U_SUCCESS(status) ? finished(spelled) : std::string();
  }

  /// "point": what stands between 1 and 2 in 1.2.
  std::string point() const {
    const std::string whole = spell(1.2);
    const std::string one = spell(1, usual);
    const std::string two = spell(2, usual);
    if (!whole.starts_with(one) || !whole.ends_with(two) || whole.size() <= one.size() + two.size())
      return {};
    return whole.substr(one.size(), whole.size() - one.size() - two.size());
  }
};

NumberSpeller::NumberSpeller(const std::string& language) : rules_(std::make_unique<Rules>()) {
  UErrorCode status = U_ZERO_ERROR;
  rules_->locale = icu::Locale(language.c_str());
  rules_->language = rules_->locale.getLanguage();
  rules_->format = std::make_unique<icu::RuleBasedNumberFormat>(icu::URBNF_SPELLOUT, rules_->locale, status);
  rules_->plurals.reset(icu::PluralRules::forLocale(rules_->locale, status));
  check_icu(status, "rules of numbers");
  for (int32_t i = 0; i < rules_->format->getNumberOfRuleSetNames(); ++i)
    rules_->names.push_back(utf8(rules_->format->getRuleSetName(i)));
  rules_->usual = utf8(rules_->format->getDefaultRuleSetName());
  if (rules_->language == "zh") rules_->usual = "%spellout-cardinal";
}
NumberSpeller::~NumberSpeller() = default;
NumberSpeller::NumberSpeller(NumberSpeller&&) noexcept = default;

Words NumberSpeller::cardinals(int64_t value, std::string_view gender) const {
  Words words;
  const auto add_form = [&](std::string_view name) {
    const std::string spelled = rules_->spell(value, name);
    add(words, without_one(rules_->language, spelled));
    add(words, spelled);
  };
  if (!gender.empty()) add_form(fmt::format("%spellout-cardinal-{}", gender));
  add_form(rules_->usual);
  for (const char* form :
       {"%spellout-numbering-verbose", "%spellout-cardinal", "%spellout-cardinal-masculine",
        "%spellout-cardinal-feminine", "%spellout-cardinal-neuter", "%spellout-cardinal-reale",
        "%spellout-cardinal-native", "%spellout-cardinal-alternate2"})
    add_form(form);
  if (words.empty()) words.push_back(fmt::format("{}", value));
  return words;
}

Words NumberSpeller::ordinals(int64_t value, std::string_view gender) const {
  if (rules_->language == "cs") return czech_ordinals(value);
  Words words;
  if (!gender.empty()) add(words, rules_->spell(value, fmt::format("%spellout-ordinal-{}", gender)));
  for (const std::string& name : rules_->names) {
    if (name.starts_with("%spellout-ordinal")) add(words, rules_->spell(value, name));
  }
  return words;
}

Words NumberSpeller::years(int64_t value) const {
  constexpr std::array<std::string_view, 8> kByHundreds = {"en", "de", "nl", "sv", "da", "nb", "zh", "ja"};
  const std::string_view language = rules_->language;
  const Words plain = cardinals(value);
  const std::string as_year = rules_->spell(value, "%spellout-numbering-year");
  Words words;
  // English 2005 and Japanese years are counted.
  const bool first = std::find(kByHundreds.begin(), kByHundreds.end(), language) != kByHundreds.end() &&
                     !(value >= 2000 && value < 2010 && language == "en") && language != "ja";
  if (first) add(words, as_year);
  if (!plain.empty()) add(words, plain.front());
  if (language == "cs" && value % 1000 >= 100 && value < 2000) {
    const std::string hundreds = rules_->spell(value / 100, rules_->usual);
    const std::string rest = value % 100 == 0 ? "" : rules_->spell(value % 100, rules_->usual);
    add(words, fmt::format("{} set{}{}", hundreds, rest.empty() ? "" : " ", rest));
  }
  add(words, as_year);
  add_all(words, plain);
  return words;
}

Words NumberSpeller::digits(std::string_view digits) const {
  std::array<std::string, 10> names;
  for (size_t i = 0; i < names.size(); ++i) names[i] = rules_->spell(static_cast<int64_t>(i), rules_->usual);
  const auto read = [&](const std::string& zero) {
    std::string words;
    for (const char digit : digits) {
      if (!words.empty()) words += ' ';
      words += digit == '0' ? zero : names[static_cast<size_t>(digit - '0')];
    }
    return words;
  };
  Words words;
  add(words, read(names[0]));
  if (rules_->language == "en") add(words, read("oh"));
  return words;
}

Words NumberSpeller::decimals(std::string_view whole, std::string_view fraction,
                              std::string_view gender) const {
  const int64_t value = to_integer(whole);
  const bool short_fraction = fraction.size() <= 3 && !fraction.starts_with('0');
  const std::string spelled_digits = digits(fraction).front();
  Words tails{spelled_digits};
  if (short_fraction) add(tails, cardinals(to_integer(fraction)).front());
  Words words;
  if (rules_->language == "cs") {
    const std::string category = plural_category(static_cast<double>(value));
    const std::string_view point = category == "one" || value == 0 ? "celá"
                                   : category == "few"             ? "celé"
                                                                   : "celých";
    if (short_fraction) std::reverse(tails.begin(), tails.end());
    for (const std::string& tail : tails)
      add(words, fmt::format("{} {} {}", cardinals(value, "feminine").front(), point, tail));
  }
  constexpr size_t kExact = 15;
  const bool says_fractions = rules_->language == "ru" || rules_->language == "uk";
  if (says_fractions && whole.size() + fraction.size() <= kExact) {
    double number = 0.0;
    const std::string text = fmt::format("{}.{}", whole, fraction);
    std::from_chars(text.data(), text.data() + text.size(), number);
    add(words, rules_->spell(number));
  }
  const std::string point = rules_->point();
  for (const std::string& tail : tails)
    add(words, fmt::format("{} {} {}", cardinals(value, gender).front(), point, tail));
  return words;
}

std::string NumberSpeller::plural_category(double value) const {
  return utf8(rules_->plurals->select(value));
}

std::string NumberSpeller::currency_name(std::string_view code, double value) const {
  const icu::UnicodeString iso = icu::UnicodeString::fromUTF8(std::string(code));
  const std::string category = plural_category(value);
  UErrorCode status = U_ZERO_ERROR;
  int32_t length = 0;
  UBool is_choice = false;
  icu::UnicodeString terminated = iso;
  const char16_t* name = ucurr_getPluralName(terminated.getTerminatedBuffer(), rules_->locale.getName(),
                                             &is_choice, category.c_str(), &length, &status);
  return U_SUCCESS(status) ? utf8(icu::UnicodeString(name, length)) : std::string();
}

}  // namespace wav2vec
