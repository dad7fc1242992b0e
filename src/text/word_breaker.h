#pragma once
// Where words begin and end, also in scripts that write no blanks between them.

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "wav2vec/text/traced_text.h"

namespace wav2vec {

/// Characters [begin, end) of a text.
struct WordSpan {
  size_t begin = 0;
  size_t end = 0;

  bool operator==(const WordSpan&) const = default;
};

/// ICU's rules and dictionaries (Chinese, Japanese, Thai, Khmer, Lao, Burmese). Not for several threads at
/// once.
class WordBreaker {
 public:
  explicit WordBreaker(const std::string& language);
  ~WordBreaker();
  WordBreaker(WordBreaker&&) noexcept;

  /// What has a letter or number, in order.
  std::vector<WordSpan> words_of(std::span<const TracedCharacter> text) const;

 private:
  struct Iterator;
  std::unique_ptr<Iterator> iterator_;
};

}  // namespace wav2vec
