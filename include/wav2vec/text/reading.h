#pragma once
// One way to say a text, in the letters that a speech head knows.

#include <string>
#include <vector>

#include "wav2vec/text/traced_text.h"

namespace wav2vec {

struct Reading {
  std::string text;               ///< a–z, apostrophes inside words and single blanks between them
  std::vector<ByteRange> source;  ///< of each character of `text`; begins and ends never go back
  /// The same words as the language spells them (UTF-8, single blanks), for rules of pronunciation; those in
  /// a script that is not the language's are in Latin letters.
  std::string written = {};
};

/// Adds a reading behind another with one blank between them; either may be empty. The blank comes from what
/// lies between the two.
void append_words(Reading& reading, const Reading& words);

}  // namespace wav2vec
