#include "text/spoken_forms.h"

#include <fmt/format.h>
#include <unicode/locid.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <string_view>
#include <utility>

#include "text/language_words.h"
#include "text/number_speller.h"
#include "text/number_token.h"
#include "text/unicode_class.h"

namespace wav2vec {
namespace {

using Characters = std::span<const TracedCharacter>;

constexpr size_t kMostDigits = 15;  // of a number that is read as one
constexpr size_t kPhoneDigits = 7;
constexpr size_t kMostPhoneDigits = 20;
constexpr size_t kMostChoices = 8;

char32_t code(Characters text, size_t at) { return at < text.size() ? text[at].code : U'\n'; }

ByteRange range(Characters text, size_t begin, size_t end) {
  return source_of(text.subspan(begin, end - begin));
}

int64_t to_integer(std::string_view digits) {
  int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

bool starts_with(Characters text, size_t at, std::u32string_view what) {
  for (const char32_t c : what) {
    if (code(text, at++) != c) return false;
  }
  return true;
}

/// ASCII letters from here on in small letters, at most 8 of them.
std::string small_letters_at(Characters text, size_t at) {
  std::string letters;
  for (; letters.size() < 8; ++at) {
    const char32_t c = code(text, at);
    const char32_t small = c >= 'A' && c <= 'Z' ? c + 32 : c;
    if (small < 'a' || small > 'z') break;
    letters += static_cast<char>(small);
  }
  return letters;
}

void add(std::vector<Spoken>& choices, Spoken spoken) {
  if (choices.size() >= kMostChoices) return;
  // Ranges of parts that are said in another order than they are written are those of the whole.
  const auto by_begin = [](const SpokenPart& a, const SpokenPart& b) {
    return a.source.begin < b.source.begin;
  };
  if (!std::is_sorted(spoken.begin(), spoken.end(), by_begin)) {
    ByteRange whole = spoken.front().source;
    for (const SpokenPart& part : spoken) {
      whole.begin = std::min(whole.begin, part.source.begin);
      whole.end = std::max(whole.end, part.source.end);
    }
    for (SpokenPart& part : spoken) part.source = whole;
  }
  choices.push_back(std::move(spoken));
}

/// A number, a range of numbers, with or without a sign: what may have a unit behind it.
struct Amount {
  size_t begin = 0;
  size_t end = 0;
  NumberToken number;     ///< of a range the second
  bool is_plain = false;  ///< a whole number without sign or range
  double value = 0.0;
  /// Ways to say it before a word of a gender.
  std::function<std::vector<Spoken>(std::string_view gender)> say;
};

}  // namespace

struct SpokenForms::Tables {
  std::string language;  // two or three letters
  const LanguageWords* words = nullptr;
  NumberSpeller speller;
  NumberStyle style;

  explicit Tables(const std::string& locale)
      : language(icu::Locale(locale.c_str()).getLanguage()), words(find_words(language)), speller(locale) {
    style = number_style(locale, words != nullptr && words->groups_with_blanks);
  }

  std::string_view word(std::string_view LanguageWords::*which) const {
    return words == nullptr ? std::string_view() : words->*which;
  }

  // ---- numbers ---------------------------------------------------------------------------------------

  Words plain(const NumberToken& number, std::string_view gender = {}) const {
    if (!number.fraction.empty() && number.whole.size() <= kMostDigits) {
      Words read = speller.decimals(number.whole, number.fraction, gender);
      const std::string_view and_half = word(&LanguageWords::and_half);
      if (number.fraction == "5" && number.whole != "0" && !and_half.empty())
        read.push_back(
            fmt::format("{} {}", speller.cardinals(to_integer(number.whole), gender).front(), and_half));
      return read;
    }
    const std::string& whole = number.whole;
    const std::string all = whole + number.fraction;
    if (whole.size() > kMostDigits) return speller.digits(all);
    const int64_t value = to_integer(whole);
    const bool leading_zero = whole.size() > 1 && whole[0] == '0';
    if (leading_zero || (!number.grouped && whole.size() >= kPhoneDigits)) {
      Words read = speller.digits(whole);
      if (!leading_zero || whole.size() == 2) read.push_back(speller.cardinals(value).front());
      return read;
    }
    const bool is_year =
        !number.grouped && whole.size() == 4 && value >= 1100 && value < 2100 && gender.empty();
    Words read = is_year ? speller.years(value) : speller.cardinals(value, gender);
    if (!number.grouped && whole.size() >= 3) read.push_back(speller.digits(whole).back());
    return read;
  }

  double value_of(const NumberToken& number) const {
    const std::string text =
        fmt::format("{}.{}", number.whole, number.fraction.empty() ? "0" : number.fraction);
    double value = 0.0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }

  std::optional<Amount> amount_at(Characters text, size_t at) const {
    size_t first = at;
    std::string_view sign;
    if ((code(text, at) == '-' || code(text, at) == '+') && is_digit(code(text, at + 1)) &&
        is_free_before(text, at)) {
      sign = word(code(text, at) == '-' ? &LanguageWords::minus : &LanguageWords::plus);
      ++first;
    }
    if (!is_digit(code(text, first))) return std::nullopt;
    Amount amount;
    amount.begin = at;
    const NumberToken number = number_at(text, first, style);
    if (code(text, number.end) == '-' && is_digit(code(text, number.end + 1)) && sign.empty()) {
      const NumberToken second = number_at(text, number.end + 1, style);
      if (is_range(text, number, second)) return range_amount(text, number, second);
    }
    amount.end = number.end;
    amount.number = number;
    amount.is_plain = first == at && number.fraction.empty();
    amount.value = value_of(number);
    const ByteRange source = range(text, first, number.end);
    const ByteRange sign_source = first > at ? range(text, at, first) : ByteRange{};
    amount.say = [this, number, source, sign, sign_source](std::string_view gender) {
      std::vector<Spoken> choices;
      for (const std::string& way : plain(number, gender)) {
        Spoken spoken;
        if (!sign.empty()) spoken.push_back({std::string(sign), sign_source});
        spoken.push_back({way, source});
        add(choices, spoken);
      }
      if (!sign.empty()) {
        Spoken unsigned_choice = choices.front();
        unsigned_choice.erase(unsigned_choice.begin());
        choices.insert(choices.begin() + 1, unsigned_choice);
      }
      return choices;
    };
    return amount;
  }

  static bool is_free_before(Characters text, size_t at) {
    return at == 0 || is_blank(text[at - 1].code) || text[at - 1].code == '(' || text[at - 1].code == '=';
  }

  bool is_range(Characters text, const NumberToken& a, const NumberToken& b) const {
    const bool zeros = a.whole[0] == '0' || b.whole[0] == '0';
    const bool more_follows = code(text, b.end) == '-' && is_digit(code(text, b.end + 1));
    const bool more_before =
        a.begin > 1 && code(text, a.begin - 1) == '-' && is_digit(code(text, a.begin - 2));
    const bool like_a_phone = a.whole.size() == 3 && b.whole.size() == 4 && !b.whole.ends_with('0');
    return !zeros && !more_follows && !more_before && !like_a_phone && value_of(a) < value_of(b) &&
           a.whole.size() <= 6 && b.whole.size() <= 6;
  }

  Amount range_amount(Characters text, const NumberToken& a, const NumberToken& b) const {
    Amount amount;
    amount.begin = a.begin;
    amount.end = b.end;
    amount.number = b;
    amount.value = value_of(b);
    const ByteRange first = range(text, a.begin, a.end);
    const ByteRange dash = range(text, a.end, b.begin);
    const ByteRange second = range(text, b.begin, b.end);
    amount.say = [this, a, b, first, dash, second](std::string_view gender) {
      const std::string_view to = word(&LanguageWords::to);
      const Words from_ways = plain(a, gender);
      const Words to_ways = plain(b, gender);
      std::vector<Spoken> choices;
      const auto both = [&](size_t way, bool joined) {
        Spoken spoken{{from_ways[std::min(way, from_ways.size() - 1)], first}};
        if (joined && !to.empty()) spoken.push_back({std::string(to), dash});
        spoken.push_back({to_ways[std::min(way, to_ways.size() - 1)], second});
        add(choices, spoken);
      };
      both(0, true);
      both(0, false);
      both(1, true);
      return choices;
    };
    return amount;
  }

  // ---- units -----------------------------------------------------------------------------------------

  struct SignAt {
    const CurrencySign* sign = nullptr;
    size_t end = 0;
  };

  SignAt currency_at(Characters text, size_t at, bool before) const {
    for (const CurrencySign& sign : currency_signs()) {
      if ((before && !sign.before) || (!sign.only.empty() && sign.only != language)) continue;
      if (!starts_with(text, at, sign.sign)) continue;
      const size_t end = at + sign.sign.size();
      if (sign.is_word && (is_letter(code(text, end)) || (at > 0 && is_letter(text[at - 1].code)))) continue;
      // "руб." is written with its dot.
      return {&sign, sign.sign == U"руб" && code(text, end) == '.' ? end + 1 : end};
    }
    return {};
  }

  std::string currency_word(std::string_view iso, double value) const {
    const CurrencyWords* currency = find_currency(language, iso);
    if (currency != nullptr) return std::string(currency->unit.of(speller.plural_category(value)));
    return speller.currency_name(iso, value);
  }

  /// "$5 million": a word of quantity that the currency is said behind.
  struct Magnitude {
    std::string_view word;
    size_t end = 0;
  };

  Magnitude magnitude_at(Characters text, size_t at) const {
    if (language != "en") return {};
    constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kWords = {
        {{"million", "million"},
         {"billion", "billion"},
         {"trillion", "trillion"},
         {"thousand", "thousand"},
         {"hundred", "hundred"},
         {"bn", "billion"},
         {"m", "million"},
         {"k", "thousand"},
         {"b", "billion"}}};
    const size_t begin = code(text, at) == ' ' ? at + 1 : at;
    const std::string written = small_letters_at(text, begin);
    for (const auto& [name, said] : kWords) {
      const size_t end = begin + name.size();
      if (written == name && !is_letter(code(text, end)) && (name.size() > 2 || begin == at))
        return {said, end};
    }
    return {};
  }

  SpokenUnit money(Characters text, const Amount& amount, const CurrencySign& sign, ByteRange sign_source,
                   size_t end) const {
    const CurrencyWords* currency = find_currency(language, sign.code);
    const std::string_view gender = currency == nullptr ? std::string_view() : currency->gender;
    SpokenUnit unit{end, {}};
    const Magnitude magnitude = end == amount.end ? magnitude_at(text, end) : Magnitude{};
    if (magnitude.end > 0) {
      const ByteRange source = range(text, amount.end, magnitude.end);
      for (Spoken spoken : amount.say({})) {
        spoken.push_back({std::string(magnitude.word), source});
        spoken.push_back({currency_word(sign.code, 1e6), sign_source});
        add(unit.choices, spoken);
      }
      unit.end = magnitude.end;
      return unit;
    }
    const NumberToken& number = amount.number;
    if (number.fraction.size() == 2 && number.whole.size() <= kMostDigits)
      add_hundredths(text, amount, sign, sign_source, unit);
    if (number.fraction == "00") return unit;
    for (Spoken spoken : amount.say(gender)) {
      spoken.push_back({currency_word(sign.code, amount.value), sign_source});
      add(unit.choices, spoken);
    }
    return unit;
  }

  /// "two dollars fifty", "two dollars and fifty cents", "two fifty".
  void add_hundredths(Characters text, const Amount& amount, const CurrencySign& sign, ByteRange sign_source,
                      SpokenUnit& unit) const {
    const CurrencyWords* currency = find_currency(language, sign.code);
    const std::string_view gender = currency == nullptr ? std::string_view() : currency->gender;
    const NumberToken& number = amount.number;
    const auto whole = static_cast<double>(to_integer(number.whole));
    const int64_t hundredths = to_integer(number.fraction);
    const ByteRange source = range(text, amount.begin, amount.end);
    const std::string count = speller.cardinals(to_integer(number.whole), gender).front();
    const std::string name = currency_word(sign.code, whole);
    if (hundredths == 0) return add(unit.choices, {{count, source}, {name, sign_source}});
    const std::string part = speller.cardinals(hundredths).front();
    const std::string_view cents =
        currency == nullptr
            ? std::string_view()
            : currency->hundredth.of(speller.plural_category(static_cast<double>(hundredths)));
    const ByteRange all{std::min(source.begin, sign_source.begin), std::max(source.end, sign_source.end)};
    if (!cents.empty() && whole == 0.0) return add(unit.choices, {{fmt::format("{} {}", part, cents), all}});
    add(unit.choices, {{fmt::format("{} {} {}", count, name, part), all}});
    if (!cents.empty()) add(unit.choices, {{fmt::format("{} {} and {} {}", count, name, part, cents), all}});
    add(unit.choices, {{fmt::format("{} {}", count, part), all}});
  }

  std::optional<SpokenUnit> with_percent(Characters text, const Amount& amount) const {
    const size_t at =
        is_blank(code(text, amount.end)) && code(text, amount.end) != '\n' ? amount.end + 1 : amount.end;
    if (code(text, at) != '%' || words == nullptr) return std::nullopt;
    SpokenUnit unit{at + 1, {}};
    const SpokenPart percent{std::string(words->percent.of(speller.plural_category(amount.value))),
                             range(text, at, at + 1)};
    for (Spoken spoken : amount.say({})) {
      spoken.insert(words->percent_is_first ? spoken.begin() : spoken.end(), percent);
      add(unit.choices, spoken);
    }
    return unit;
  }

  std::optional<SpokenUnit> with_degrees(Characters text, const Amount& amount) const {
    constexpr char32_t kDegree = 0xB0;
    const size_t at =
        code(text, amount.end) == ' ' || code(text, amount.end) == 0xA0 ? amount.end + 1 : amount.end;
    if (code(text, at) != kDegree || words == nullptr) return std::nullopt;
    SpokenUnit unit{at + 1, {}};
    std::string_view scale;
    size_t scale_at = code(text, at + 1) == ' ' ? at + 2 : at + 1;
    if (!is_letter(code(text, scale_at + 1))) {
      if (code(text, scale_at) == 'C') scale = words->celsius;
      if (code(text, scale_at) == 'F') scale = words->fahrenheit;
      if (code(text, scale_at) == 'C' || code(text, scale_at) == 'F') unit.end = scale_at + 1;
    }
    const SpokenPart degree{std::string(words->degree.of(speller.plural_category(amount.value))),
                            range(text, at, at + 1)};
    for (Spoken spoken : amount.say({})) {
      spoken.push_back(degree);
      if (!scale.empty()) {
        spoken.push_back({std::string(scale), range(text, scale_at, scale_at + 1)});
        add(unit.choices, spoken);
        spoken.pop_back();
      }
      add(unit.choices, spoken);
    }
    return unit;
  }

  // ---- ordinals --------------------------------------------------------------------------------------

  struct OrdinalMark {
    size_t end = 0;  ///< 0: none
    std::string_view gender;
    bool only_perhaps = false;
  };

  OrdinalMark ordinal_mark(Characters text, const NumberToken& number) const {
    const size_t at = number.end;
    const auto suffix = [&](std::initializer_list<std::string_view> suffixes) -> size_t {
      const std::string letters = small_letters_at(text, at);
      for (const std::string_view known : suffixes) {
        if (letters == known && !is_letter(code(text, at + known.size())) &&
            !is_mark(code(text, at + known.size())))
          return at + known.size();
      }
      return 0;
    };
    if (language == "en") return {suffix({"st", "nd", "rd", "th"}), "", false};
    if (language == "fr") {
      if (starts_with(text, at, U"ème") && !is_letter(code(text, at + 3)))
        return {at + 3, "masculine", false};
      if (starts_with(text, at, U"ère") && !is_letter(code(text, at + 3))) return {at + 3, "feminine", false};
      if (const size_t end = suffix({"re", "nde"}); end > 0) return {end, "feminine", false};
      return {suffix({"er", "e", "eme", "nd", "d"}), "masculine", false};
    }
    if (language == "nl") return {suffix({"e", "ste", "de"}), "", false};
    if (language == "es" || language == "it" || language == "pt") return romance_mark(text, at);
    if (language == "ru" || language == "uk" || language == "bg") return slavic_mark(text, at);
    if (language == "el") {
      if (starts_with(text, at, U"ος") || starts_with(text, at, U"ου")) return {at + 2, "masculine", false};
      if (code(text, at) == U'η' && !is_letter(code(text, at + 1))) return {at + 1, "feminine", false};
      if (code(text, at) == U'ο' && !is_letter(code(text, at + 1))) return {at + 1, "neuter", false};
      return {};
    }
    return dot_mark(text, number);
  }

  static OrdinalMark romance_mark(Characters text, size_t at) {
    if (code(text, at) == '.') ++at;
    if (code(text, at) == 0xBA || code(text, at) == 0xB0) return {at + 1, "masculine", false};
    if (code(text, at) == 0xAA) return {at + 1, "feminine", false};
    return {};
  }

  static OrdinalMark slavic_mark(Characters text, size_t at) {
    if (code(text, at) != '-' || !is_letter(code(text, at + 1))) return {};
    size_t end = at + 1;
    while (is_letter(code(text, end)) && end < at + 4) ++end;
    if (is_letter(code(text, end))) return {};
    const char32_t last = code(text, end - 1);
    const std::string_view gender = last == U'я' ? "feminine" : last == U'е' ? "neuter" : "masculine";
    return {end, last == U'о' ? "masculine-genitive" : gender, false};
  }

  /// "3. října", "3. Oktober": whether a dot ends the sentence or makes an ordinal, the next word tells at
  /// best.
  OrdinalMark dot_mark(Characters text, const NumberToken& number) const {
    const size_t at = number.end;
    const bool dots = words != nullptr && words->dot_makes_ordinal;
    if (!dots || number.whole.size() > 2 || code(text, at) != '.' || code(text, at + 1) != ' ') return {};
    const char32_t next = code(text, at + 2);
    if (!is_letter(next)) return {};
    const bool small = u_islower(static_cast<UChar32>(next));
    return {at + 1, "", !small && language != "de"};
  }

  std::optional<SpokenUnit> ordinal_at(Characters text, const Amount& amount) const {
    if (!amount.is_plain || amount.number.whole.size() > kMostDigits || amount.number.grouped)
      return std::nullopt;
    const OrdinalMark mark = ordinal_mark(text, amount.number);
    if (mark.end == 0) return std::nullopt;
    const ByteRange source = range(text, amount.begin, mark.end);
    Words said = speller.ordinals(to_integer(amount.number.whole), mark.gender);
    if (said.empty()) return std::nullopt;
    const std::string cardinal = speller.cardinals(to_integer(amount.number.whole)).front();
    if (mark.only_perhaps) {
      said.insert(said.begin(), cardinal);
    } else if (code(text, mark.end - 1) == '.') {
      said.insert(said.begin() + std::min<std::ptrdiff_t>(3, static_cast<std::ptrdiff_t>(said.size())),
                  cardinal);
    }
    SpokenUnit unit{mark.end, {}};
    for (std::string& way : said) add(unit.choices, {{std::move(way), source}});
    return unit;
  }

  // ---- times, fractions, telephones ------------------------------------------------------------------

  std::optional<SpokenUnit> time_at(Characters text, size_t at) const {
    const auto two_digits = [&](size_t i) { return is_digit(code(text, i)) && is_digit(code(text, i + 1)); };
    size_t colon = at;
    while (is_digit(code(text, colon)) && colon < at + 3) ++colon;
    // French 10h30.
    const bool is_sign = code(text, colon) == ':' || (code(text, colon) == 'h' && language == "fr");
    if (colon - at > 2 || !is_sign || !two_digits(colon + 1) || is_digit(code(text, colon + 3)))
      return std::nullopt;
    const auto number = [&](size_t i) {
      return static_cast<int64_t>((code(text, i) - '0') * 10 + (code(text, i + 1) - '0'));
    };
    const int64_t hour = colon - at == 2 ? number(at) : static_cast<int64_t>(code(text, at) - '0');
    const int64_t minute = number(colon + 1);
    if (hour > 24 || minute > 59) return std::nullopt;
    size_t end = colon + 3;
    int64_t second = -1;
    if (code(text, end) == ':' && two_digits(end + 1) && !is_digit(code(text, end + 3))) {
      second = number(end + 1);
      end += 3;
    }
    const ByteRange source = range(text, at, end);
    SpokenUnit unit{end, {}};
    for (const std::string& way : times(hour, minute, second)) add(unit.choices, {{way, source}});
    return unit;
  }

  Words times(int64_t hour, int64_t minute, int64_t second) const {
    const std::string_view gender = words == nullptr ? std::string_view() : words->hour_gender;
    const std::string count = speller.cardinals(hour, gender).front();
    const std::string plain_count = speller.cardinals(hour).front();
    const std::string minutes = speller.cardinals(minute).front();
    const std::string_view name = words == nullptr
                                      ? std::string_view()
                                      : words->hour.of(speller.plural_category(static_cast<double>(hour)));
    const std::string tail = second < 0 ? "" : fmt::format(" {}", speller.cardinals(second).front());
    Words ways;
    if (!name.empty() && minute == 0) ways.push_back(fmt::format("{} {}{}", count, name, tail));
    if (!name.empty() && minute != 0) ways.push_back(fmt::format("{} {} {}{}", count, name, minutes, tail));
    if (language == "en" && minute == 0 && second < 0) ways.push_back(fmt::format("{} o'clock", count));
    if (language == "en" && minute > 0 && minute < 10)
      ways.push_back(fmt::format("{} oh {}{}", count, minutes, tail));
    if (language == "en" && minute == 0 && second < 0) ways.push_back(count);
    if (minute != 0 || second >= 0) ways.push_back(fmt::format("{} {}{}", plain_count, minutes, tail));
    if (language == "en" && minute == 30 && second < 0 && hour <= 12)
      ways.push_back(fmt::format("half past {}", count));
    if (ways.empty()) ways.push_back(plain_count);
    return ways;
  }

  Words fraction_words(int64_t above, int64_t below) const {
    Words ways;
    const auto add_word = [&](std::string_view way) {
      if (!way.empty()) ways.emplace_back(way);
    };
    if (above == 1 && below == 2) add_word(word(&LanguageWords::half));
    if (above == 1 && below == 4) add_word(word(&LanguageWords::quarter));
    if (above == 3 && below == 4) add_word(word(&LanguageWords::three_quarters));
    const std::string over = speller.cardinals(above).front();
    if (language == "en" && above == 1 && below == 2) add_word("half");
    if (language == "en" && below != 2) {
      for (const std::string& part : speller.ordinals(below))
        ways.push_back(fmt::format("{} {}{}", over, part, above == 1 ? "" : "s"));
    }
    const std::string under = speller.cardinals(below).front();
    if (language == "en") ways.push_back(fmt::format("{} over {}", over, under));
    ways.push_back(fmt::format("{} {}", over, under));
    return ways;
  }

  std::optional<SpokenUnit> fraction_at(Characters text, const NumberToken& above) const {
    if (code(text, above.end) != '/' || !above.fraction.empty() || above.grouped) return std::nullopt;
    if (above.begin > 0 && text[above.begin - 1].code == '/') return std::nullopt;
    if (!is_digit(code(text, above.end + 1))) return std::nullopt;
    const NumberToken below = number_at(text, above.end + 1, style);
    if (!below.fraction.empty() || below.grouped || code(text, below.end) == '/' || above.whole.size() > 2 ||
        below.whole.size() > 3)
      return std::nullopt;
    const int64_t a = to_integer(above.whole);
    const int64_t b = to_integer(below.whole);
    if (a == 0 || b < 2 || a >= b) return std::nullopt;
    SpokenUnit unit{below.end, {}};
    const ByteRange source = range(text, above.begin, below.end);
    for (const std::string& way : fraction_words(a, b)) add(unit.choices, {{way, source}});
    return unit;
  }

  struct Vulgar {
    char32_t sign = 0;
    int64_t above = 0;
    int64_t below = 1;
  };

  static Vulgar vulgar_at(Characters text, size_t at) {
    constexpr std::array<Vulgar, 18> kVulgar = {{{0xBC, 1, 4},
                                                 {0xBD, 1, 2},
                                                 {0xBE, 3, 4},
                                                 {0x2150, 1, 7},
                                                 {0x2151, 1, 9},
                                                 {0x2152, 1, 10},
                                                 {0x2153, 1, 3},
                                                 {0x2154, 2, 3},
                                                 {0x2155, 1, 5},
                                                 {0x2156, 2, 5},
                                                 {0x2157, 3, 5},
                                                 {0x2158, 4, 5},
                                                 {0x2159, 1, 6},
                                                 {0x215A, 5, 6},
                                                 {0x215B, 1, 8},
                                                 {0x215C, 3, 8},
                                                 {0x215D, 5, 8},
                                                 {0x215E, 7, 8}}};
    const char32_t c = code(text, at);
    const auto* found =
        std::find_if(kVulgar.begin(), kVulgar.end(), [&](const Vulgar& v) { return v.sign == c; });
    return found == kVulgar.end() ? Vulgar{} : *found;
  }

  std::optional<SpokenUnit> mixed_at(Characters text, const Amount& amount) const {
    size_t at = amount.end;
    if (code(text, at) == ' ' || code(text, at) == 0xA0) ++at;
    const Vulgar part = vulgar_at(text, at);
    if (part.sign == 0) return std::nullopt;
    const std::string_view and_half = word(&LanguageWords::and_half);
    const std::string_view joiner = word(&LanguageWords::ampersand);
    SpokenUnit unit{at + 1, {}};
    const ByteRange source = range(text, at, at + 1);
    Spoken count = amount.say({}).front();
    Words tails;
    if (part.above == 1 && part.below == 2 && !and_half.empty()) tails.emplace_back(and_half);
    for (const std::string& way : fraction_words(part.above, part.below))
      tails.push_back(fmt::format("{} {}", joiner, way));
    for (const std::string& tail : tails) {
      Spoken spoken = count;
      spoken.push_back({tail, source});
      add(unit.choices, spoken);
    }
    return unit;
  }

  /// 555-1234, 800-555-0199: groups of digits with hyphens, at least seven digits in all.
  std::optional<SpokenUnit> telephone_at(Characters text, size_t at) const {
    std::vector<WordRange> groups;
    size_t digits = 0;
    for (size_t i = at; is_digit(code(text, i)) && digits <= kMostPhoneDigits;) {
      const size_t begin = i;
      while (is_digit(code(text, i))) ++i;
      groups.push_back({begin, i});
      digits += i - begin;
      if (code(text, i) != '-' || !is_digit(code(text, i + 1))) break;
      ++i;
    }
    if (groups.size() < 2 || digits < kPhoneDigits || digits > kMostPhoneDigits) return std::nullopt;
    const auto length = [&](size_t g) { return groups[g].end - groups[g].begin; };
    const bool is_date = groups.size() == 3 && length(0) == 4 && length(1) == 2 && length(2) == 2;
    SpokenUnit unit{groups.back().end, {}};
    Spoken usual;
    Spoken other;
    for (const WordRange& group : groups) {
      std::string all;
      for (size_t i = group.begin; i < group.end; ++i) all += static_cast<char>(text[i].code);
      const ByteRange source = range(text, group.begin, group.end);
      NumberToken number{group.begin, group.end, all, "", false};
      if (is_date && all.size() == 2) number.whole = fmt::format("{}", to_integer(all));
      const Words ways = is_date ? plain(number) : speller.digits(all);
      usual.push_back({ways.front(), source});
      other.push_back({is_date ? ways.front() : ways.back(), source});
    }
    add(unit.choices, usual);
    add(unit.choices, other);
    return unit;
  }

  struct WordRange {
    size_t begin = 0;
    size_t end = 0;
  };

  /// Tamil's ten and other signs with a whole value.
  std::optional<SpokenUnit> other_numeral_at(Characters text, size_t at) const {
    const char32_t c = code(text, at);
    const double value = u_getNumericValue(static_cast<UChar32>(c));
    if (!is_number(c) || !(value >= 0.0 && value <= 1e12) ||
        value != static_cast<double>(static_cast<int64_t>(value)))
      return std::nullopt;
    SpokenUnit unit{at + 1, {}};
    for (const std::string& way : speller.cardinals(static_cast<int64_t>(value)))
      add(unit.choices, {{way, range(text, at, at + 1)}});
    return unit;
  }

  // ---- signs -----------------------------------------------------------------------------------------

  std::optional<SpokenUnit> one_word(Characters text, size_t at, std::string_view said) const {
    if (said.empty()) return std::nullopt;
    SpokenUnit unit{at + 1, {}};
    add(unit.choices, {{std::string(said), range(text, at, at + 1)}});
    return unit;
  }

  std::optional<SpokenUnit> sign_at(Characters text, size_t at) const {
    switch (code(text, at)) {
      case '&':
        return one_word(text, at, word(&LanguageWords::ampersand));
      case '+':
        return one_word(text, at, word(&LanguageWords::plus));
      case '=':
        return one_word(text, at, word(&LanguageWords::equals));
      case '@':
        return one_word(text, at, word(&LanguageWords::at));
      case '#':
        if (is_digit(code(text, at + 1))) return one_word(text, at, word(&LanguageWords::number));
        if (language == "en" && is_letter(code(text, at + 1))) return one_word(text, at, "hashtag");
        return std::nullopt;
      case '%':
        return words == nullptr ? std::nullopt : one_word(text, at, words->percent.other);
      default:
        return std::nullopt;
    }
  }

  // ---- all -------------------------------------------------------------------------------------------

  std::optional<SpokenUnit> number_unit_at(Characters text, size_t at) const {
    if (is_digit(code(text, at))) {
      if (auto time = time_at(text, at)) return time;
    }
    const std::optional<Amount> amount = amount_at(text, at);
    if (!amount) return std::nullopt;
    if (amount->is_plain) {
      if (auto fraction = fraction_at(text, amount->number)) return fraction;
      if (auto mixed = mixed_at(text, *amount)) return mixed;
      if (auto telephone = telephone_at(text, at)) return telephone;
    }
    if (auto percent = with_percent(text, *amount)) return percent;
    if (auto ordinal = ordinal_at(text, *amount)) return ordinal;
    if (auto degrees = with_degrees(text, *amount)) return degrees;
    size_t sign_at = amount->end;
    if (code(text, sign_at) == ' ' || code(text, sign_at) == 0xA0) ++sign_at;
    if (const SignAt found = currency_at(text, sign_at, false); found.sign != nullptr)
      return money(text, *amount, *found.sign, range(text, sign_at, found.end), found.end);
    return SpokenUnit{amount->end, amount->say({})};
  }

  std::optional<SpokenUnit> money_at(Characters text, size_t at) const {
    const SignAt found = currency_at(text, at, true);
    if (found.sign == nullptr) return std::nullopt;
    size_t number_begin = found.end;
    if (code(text, number_begin) == ' ' || code(text, number_begin) == 0xA0) ++number_begin;
    if (!is_digit(code(text, number_begin))) return std::nullopt;
    const std::optional<Amount> amount = amount_at(text, number_begin);
    if (!amount) return std::nullopt;
    return money(text, *amount, *found.sign, range(text, at, found.end), amount->end);
  }
};

SpokenForms::SpokenForms(const std::string& language) : tables_(std::make_unique<Tables>(language)) {}
SpokenForms::~SpokenForms() = default;
SpokenForms::SpokenForms(SpokenForms&&) noexcept = default;

std::optional<SpokenUnit> SpokenForms::unit_at(std::span<const TracedCharacter> text, size_t at) const {
  const char32_t c = code(text, at);
  if (auto money = tables_->money_at(text, at)) return money;
  if (is_letter(c)) return std::nullopt;
  if (auto number = tables_->number_unit_at(text, at)) return number;
  if (const Tables::Vulgar part = Tables::vulgar_at(text, at); part.sign != 0) {
    SpokenUnit unit{at + 1, {}};
    for (const std::string& way : tables_->fraction_words(part.above, part.below))
      add(unit.choices, {{way, range(text, at, at + 1)}});
    return unit;
  }
  if (auto other = tables_->other_numeral_at(text, at)) return other;
  return tables_->sign_at(text, at);
}

std::optional<SpokenUnit> SpokenForms::abbreviation_at(std::span<const TracedCharacter> text, size_t at,
                                                       size_t end) const {
  const std::string written = small_letters_at(text, at);
  if (written.size() != end - at) return std::nullopt;
  const Abbreviation* known = find_abbreviation(tables_->language, written);
  if (known == nullptr) return std::nullopt;
  const bool dot = code(text, end) == '.';
  const bool capital = code(text, at) >= 'A' && code(text, at) <= 'Z' && code(text, at + 1) >= 'a';
  if (!dot && (known->needs_dot || !capital)) return std::nullopt;
  const size_t next = code(text, end + 1) == ' ' ? end + 2 : end + 1;
  if (known->before_number && !is_digit(code(text, next))) return std::nullopt;
  SpokenUnit unit{dot ? end + 1 : end, {}};
  const ByteRange source = range(text, at, unit.end);
  std::string_view first = known->first;
  std::string_view second = known->second;
  // "St. Mary", but "Main St."
  if (written == "st" && !u_isupper(static_cast<UChar32>(code(text, next)))) std::swap(first, second);
  add(unit.choices, {{std::string(first), source}});
  if (!second.empty()) add(unit.choices, {{std::string(second), source}});
  return unit;
}

}  // namespace wav2vec
