#pragma once
// Words as a language spells them, for rules of pronunciation.

#include <unicode/translit.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "wav2vec/text/traced_text.h"

namespace wav2vec {

/// For one locale of ICU ("pt_BR").
class WrittenWords {
 public:
  explicit WrittenWords(const std::string& locale);

  /// Whether all its letters are Latin or of a script that the language is written in.
  bool is_own(std::span<const TracedCharacter> word) const;
  /// UTF-8, NFC. In Japanese Latin letters, in which numbers are said too, become kana.
  std::string of(std::span<const TracedCharacter> word) const;
  /// Of UTF-8.
  std::string in_small_letters(const std::string& text) const;
  /// Whether there are capitals and no small letters: capitals tell nothing then.
  bool is_all_capitals(const std::string& text) const;

 private:
  std::string locale_;
  std::unique_ptr<icu::Transliterator> kana_;  ///< of Latin letters, in Japanese alone
  std::vector<int> scripts_;                   ///< UScriptCode
};

}  // namespace wav2vec
