#pragma once
// A text that ICU's transliterators may change in place, and that keeps account of where its characters came
// from.

#include <unicode/rep.h>
#include <unicode/translit.h>
#include <unicode/unistr.h>

#include <span>
#include <vector>

#include "wav2vec/text/traced_text.h"

namespace wav2vec {

class TracedReplaceable : public icu::Replaceable {
 public:
  explicit TracedReplaceable(std::span<const TracedCharacter> text);

  /// What has become of it. What a rule wrote comes from all that the rule read; begins and ends never go
  /// back.
  TracedText result() const;

  void handleReplaceBetween(int32_t start, int32_t limit, const icu::UnicodeString& text) override;
  void extractBetween(int32_t start, int32_t limit, icu::UnicodeString& target) const override;
  void copy(int32_t start, int32_t limit, int32_t dest) override;
  UBool hasMetaData() const override { return true; }
  UClassID getDynamicClassID() const override;

 protected:
  int32_t getLength() const override { return text_.length(); }
  char16_t getCharAt(int32_t offset) const override { return text_.charAt(offset); }
  UChar32 getChar32At(int32_t offset) const override { return text_.char32At(offset); }

 private:
  struct Origin {
    ByteRange source;
    bool known = false;  ///< false for what was inserted between two characters
  };

  icu::UnicodeString text_;
  std::vector<Origin> origins_;  // one for each UTF-16 unit
  ByteRange whole_;
};

/// The same for the same text every time: the first time that one of ICU's rules is used, it works on a copy
/// behind the text, which knows less of where its characters come from.
TracedText transliterate(const icu::Transliterator& rules, std::span<const TracedCharacter> text);

}  // namespace wav2vec
