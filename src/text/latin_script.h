#pragma once
// Words of any script in the letters a to z.

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "wav2vec/text/reading.h"
#include "wav2vec/text/traced_text.h"

namespace wav2vec {

struct LatinWord {
  Reading reading;                  ///< one word, or nothing
  std::vector<ByteRange> unscored;  ///< letters that ICU has no Latin letters for
};

/// ICU's transliterators for one language: expensive to make, cheap to ask. Not for several threads at once.
class LatinScript {
 public:
  /// `language`: two or three letters.
  explicit LatinScript(const std::string& language);
  ~LatinScript();
  LatinScript(LatinScript&&) noexcept;

  /// One word: NFKC, small letters, Latin letters, no diacritics; blanks and all but letters and apostrophes
  /// inside the word vanish. `han_is_japanese`: Han characters have no letters, for ICU knows only Mandarin's
  /// readings.
  LatinWord latin(std::span<const TracedCharacter> word, bool han_is_japanese) const;

 private:
  struct Rules;
  std::unique_ptr<Rules> rules_;
};

}  // namespace wav2vec
