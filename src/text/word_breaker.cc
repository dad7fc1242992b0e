#include "text/word_breaker.h"

#include <unicode/brkiter.h>
#include <unicode/unistr.h>

#include <algorithm>

#include "text/icu_error.h"
#include "text/unicode_class.h"

namespace wav2vec {

struct WordBreaker::Iterator {
  std::unique_ptr<icu::BreakIterator> breaks;
};

WordBreaker::WordBreaker(const std::string& language) : iterator_(std::make_unique<Iterator>()) {
  UErrorCode status = U_ZERO_ERROR;
  iterator_->breaks.reset(icu::BreakIterator::createWordInstance(icu::Locale(language.c_str()), status));
  check_icu(status, "word breaks");
}
WordBreaker::~WordBreaker() = default;
WordBreaker::WordBreaker(WordBreaker&&) noexcept = default;

std::vector<WordSpan> WordBreaker::words_of(std::span<const TracedCharacter> text) const {
  icu::UnicodeString units;
  std::vector<size_t> character;  // of each UTF-16 unit, and the end
  character.reserve(text.size() + 1);
  for (size_t i = 0; i < text.size(); ++i) {
    units.append(static_cast<UChar32>(text[i].code));
    character.resize(static_cast<size_t>(units.length()), i);
  }
  character.push_back(text.size());

  std::vector<WordSpan> words;
  icu::BreakIterator& breaks = *iterator_->breaks;
  breaks.setText(units);
  for (int32_t begin = breaks.first(), end = breaks.next(); end != icu::BreakIterator::DONE;
       begin = end, end = breaks.next()) {
    const WordSpan word{character[static_cast<size_t>(begin)], character[static_cast<size_t>(end)]};
    const auto part = text.subspan(word.begin, word.end - word.begin);
    if (std::any_of(part.begin(), part.end(),
                    [](const auto& c) { return is_letter(c.code) || is_number(c.code); }))
      words.push_back(word);
  }
  return words;
}

}  // namespace wav2vec
