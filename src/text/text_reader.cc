#include "wav2vec/text/text_reader.h"

#include <fmt/format.h>
#include <unicode/locid.h>

#include <algorithm>
#include <optional>
#include <span>

#include "text/folded_text.h"
#include "text/language_tag.h"
#include "text/latin_script.h"
#include "text/spoken_forms.h"
#include "text/unicode_class.h"
#include "text/word_breaker.h"
#include "text/written_words.h"
#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

std::string language_of(const std::string& locale) { return icu::Locale(locale.c_str()).getLanguage(); }

bool is_word_character(char32_t c) { return is_letter(c) || is_mark(c); }

/// What stands inside a word between letters: an apostrophe, Catalan's dot, Hebrew's geresh and gershayim.
bool joins_letters(char32_t c) { return is_apostrophe(c) || c == 0xB7 || c == 0x5F3 || c == 0x5F4; }

/// Behind the letters that begin at `at`.
size_t run_end(Characters text, size_t at) {
  while (is_word_character(code(text, at)) ||
         (joins_letters(code(text, at)) && at > 0 && is_word_character(text[at - 1].code) &&
          is_letter(code(text, at + 1))))
    ++at;
  return at;
}

/// "U.S.A.", "e.g.": at least two letters with a dot behind each. `at` if none.
size_t acronym_end(Characters text, size_t at) {
  if (at > 0 && (is_word_character(text[at - 1].code) || text[at - 1].code == '.')) return at;
  size_t end = at;
  size_t letters = 0;
  while (is_letter(code(text, end)) && code(text, end + 1) == '.') {
    end += 2;
    ++letters;
  }
  // "U.S.A" is one too.
  const bool open = letters >= 1 && is_letter(code(text, end)) && !is_word_character(code(text, end + 1));
  if (open && code(text, end + 1) != '\'') {
    ++end;
    ++letters;
  }
  return letters >= 2 && !is_word_character(code(text, end)) ? end : at;
}

bool has_kana(Characters text) {
  return std::any_of(text.begin(), text.end(), [](const TracedCharacter& c) {
    const UScriptCode script = script_of(c.code);
    return script == USCRIPT_HIRAGANA || script == USCRIPT_KATAKANA;
  });
}

/// Letters and digits that lie in one of the ranges.
int64_t letters_in(Characters text, std::vector<ByteRange> ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
  int64_t count = 0;
  size_t at = 0;
  size_t reach = 0;  // the furthest end so far
  for (const TracedCharacter& c : text) {
    while (at < ranges.size() && ranges[at].begin <= c.source.begin)
      reach = std::max(reach, ranges[at++].end);
    if (c.source.begin < reach && (is_letter(c.code) || is_number(c.code))) ++count;
  }
  return count;
}

}  // namespace

struct TextReader::Parts {
  TextOptions options;
  std::string language;
  LatinScript latin;
  WordBreaker breaker;
  SpokenForms forms;
  WrittenWords written;

  Parts(const TextOptions& given, const std::string& locale)
      : options(given),
        language(language_of(locale)),
        latin(language),
        breaker(locale),
        forms(locale),
        written(locale) {
    options.max_readings = std::max<size_t>(options.max_readings, 1);
  }

  /// With the word as it is written.
  LatinWord read(Characters word, bool han_is_japanese) const {
    LatinWord found = latin.latin(word, han_is_japanese);
    if (!found.reading.text.empty())
      found.reading.written = written.is_own(word) ? written.of(word) : found.reading.text;
    return found;
  }

  Reading said(const Spoken& spoken) const {
    Reading reading;
    for (const SpokenPart& part : spoken) {
      const TracedText characters = trace_all_to(part.words, part.source);
      const auto divides = [](const TracedCharacter& c) {
        return is_blank(c.code) || is_dash(c.code) || c.code == 0x200B;
      };
      for (auto at = characters.begin(); at != characters.end();) {
        const auto end = std::find_if(at, characters.end(), divides);
        TracedText word;
        std::copy_if(at, end, std::back_inserter(word),
                     [](const TracedCharacter& c) { return c.code != 0xAD; });
        append_words(reading, read(word, false).reading);
        at = end == characters.end() ? end : end + 1;
      }
    }
    return reading;
  }
};

/// One text on its way to segments.
class TextReader::Pass {
 public:
  Pass(const Parts& parts, Characters text)
      : parts_(parts), text_(text), han_is_japanese_(parts.language == "ja" || has_kana(text)) {}

  void run(TextReading& result) {
    for (size_t at = 0; at < text_.size();) at = step(at);
    result.segments = std::move(segments_);
  }

  const std::vector<ByteRange>& unscored() const { return unscored_; }

 private:
  size_t step(size_t at) {
    if (const auto unit = parts_.forms.unit_at(text_, at)) return add_spoken(at, *unit);
    if (!is_word_character(text_[at].code)) return at + 1;
    if (const size_t end = acronym_end(text_, at); end > at) return add_acronym(at, end);
    const size_t end = run_end(text_, at);
    if (const auto unit = parts_.forms.abbreviation_at(text_, at, end)) return add_spoken(at, *unit);
    add_run(at, end);
    return end;
  }

  size_t add_spoken(size_t at, const SpokenUnit& unit) {
    Segment segment{source_of(part(at, unit.end)), {}};
    for (const Spoken& spoken : unit.choices) {
      if (segment.readings.size() == parts_.options.max_readings) break;
      Reading reading = parts_.said(spoken);
      const bool is_new = std::none_of(segment.readings.begin(), segment.readings.end(),
                                       [&](const Reading& other) { return other.text == reading.text; });
      if (is_new && !reading.text.empty()) segment.readings.push_back(std::move(reading));
    }
    add(std::move(segment));
    return unit.end;
  }

  /// "u s a", or "usa" as one word.
  size_t add_acronym(size_t at, size_t end) {
    Segment segment{source_of(part(at, end)), {}};
    Reading spelled;
    TracedText letters;
    for (const TracedCharacter& c : part(at, end)) {
      if (c.code == '.') continue;
      letters.push_back(c);
      append_words(spelled, parts_.read({&c, 1}, han_is_japanese_).reading);
    }
    LatinWord joined = parts_.read(letters, han_is_japanese_);
    unscored_.insert(unscored_.end(), joined.unscored.begin(), joined.unscored.end());
    if (!spelled.text.empty()) {
      spelled.written.clear();  // letters between blanks may be words: "U S A"
      for (const TracedCharacter& c : letters) spelled.written += parts_.written.of({&c, 1}) + ".";
      segment.readings.push_back(std::move(spelled));
    }
    if (!joined.reading.text.empty() && parts_.options.max_readings > 1) {
      // In capitals it would be spelled.
      joined.reading.written = parts_.written.in_small_letters(joined.reading.written);
      segment.readings.push_back(std::move(joined.reading));
    }
    add(std::move(segment));
    return end;
  }

  void add_run(size_t begin, size_t end) {
    const Characters run = part(begin, end);
    const auto has = [&](bool (*predicate)(char32_t)) {
      return std::any_of(run.begin(), run.end(), [&](const TracedCharacter& c) { return predicate(c.code); });
    };
    if (has(is_of_script_without_spaces)) {
      for (const WordSpan& word : parts_.breaker.words_of(run))
        add_word(begin + word.begin, begin + word.end);
    } else if (has(is_letter)) {
      add_word(begin, end);
    }
  }

  void add_word(size_t begin, size_t end) {
    const Characters word = part(begin, end);
    LatinWord latin = parts_.read(word, han_is_japanese_);
    unscored_.insert(unscored_.end(), latin.unscored.begin(), latin.unscored.end());
    Segment segment{source_of(word), {}};
    if (!latin.reading.text.empty()) segment.readings.push_back(std::move(latin.reading));
    add(std::move(segment));
  }

  void add(Segment segment) {
    if (segment.readings.empty()) {
      segment.readings.emplace_back();
      unscored_.push_back(segment.source);
    }
    segments_.push_back(std::move(segment));
  }

  Characters part(size_t begin, size_t end) const { return text_.subspan(begin, end - begin); }

  const Parts& parts_;
  Characters text_;
  bool han_is_japanese_ = false;
  std::vector<Segment> segments_;
  std::vector<ByteRange> unscored_;
};

double TextReading::unscored_share() const {
  return letters == 0 ? 0.0 : static_cast<double>(unscored) / static_cast<double>(letters);
}

Reading default_reading(const TextReading& text) {
  Reading all;
  for (const Segment& segment : text.segments) append_words(all, segment.readings.front());
  return all;
}

TextReader::TextReader(const TextOptions& options)
    : parts_(std::make_unique<Parts>(options, locale_of(options.language))) {}
TextReader::~TextReader() = default;
TextReader::TextReader(TextReader&&) noexcept = default;

TextReading TextReader::read(std::string_view text) const {
  const TextOptions& options = parts_->options;
  if (text.size() > options.max_bytes)
    throw DataError(
        fmt::format("a text of {} bytes, but {} at most; cut it into lines", text.size(), options.max_bytes));
  MarkedText marked = strip_markup(trace_utf8(text, options.invalid_utf8), options.markup);
  const TracedText folded = fold(marked.speech);

  TextReading result;
  Pass pass(*parts_, folded);
  pass.run(result);
  const auto is_counted = [](const TracedCharacter& c) { return is_letter(c.code) || is_number(c.code); };
  result.letters = std::count_if(marked.speech.begin(), marked.speech.end(), is_counted);
  result.unscored = letters_in(marked.speech, pass.unscored());
  result.marks = std::move(marked.marks);
  return result;
}

}  // namespace wav2vec
