#pragma once
// A text laid on a recording: what every way of writing it down begins with.

#include <cstdint>
#include <string>
#include <vector>

#include "wav2vec/align/word_times.h"
#include "wav2vec/config/token_kind.h"
#include "wav2vec/text/traced_text.h"

namespace wav2vec {

struct AlignedCharacter {
  std::string name;  ///< a to z or an apostrophe; of phones in IPA
  ByteRange source;  ///< of the line
  TimeSpan time;
};

/// A word, or what is read as a whole (text/text_reader.h).
struct AlignedWord {
  std::string text;          ///< as it was written
  ByteRange source;          ///< of the line
  std::string reading = {};  ///< the words that were found, in letters
  TimeSpan time;
  double confidence = 0.0;  ///< that it is spoken here, 0 to 1
  std::vector<AlignedCharacter> characters;
};

struct AlignedLine {
  int64_t number = 1;  ///< of the line in its file
  std::string text;    ///< as it was written
  bool spoken =
      false;      ///< false: not in the recording, or without anything that can be heard; it has no times
  TimeSpan time;  ///< of its sound: from its first word or a little earlier to its last and what rings on
  double confidence = 0.0;
  std::vector<AlignedWord> words;  ///< empty unless spoken
};

/// A recording with the lines of its text, in the order of the text.
struct AlignedText {
  std::string id;  ///< of the recording, for CTM
  double seconds = 0.0;
  TokenKind tokens = TokenKind::letters;  ///< what the characters are
  std::vector<AlignedLine> lines;
};

}  // namespace wav2vec
