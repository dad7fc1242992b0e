#pragma once
// From what a person wrote to what a speech head can score: the words of a text, each with the ways in which
// it may be read aloud, in the letters a to z, and where in the text it stands. docs/text.md has the rules.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "wav2vec/text/markup.h"
#include "wav2vec/text/reading.h"
#include "wav2vec/text/traced_text.h"

namespace wav2vec {

struct TextOptions {
  std::string language =
      "en";  ///< BCP 47: "cs", "pt-BR", "zh-Hant"; numbers, signs and some scripts depend on it
  size_t max_readings = 4;  ///< of each segment, at least 1
  size_t max_bytes = size_t{1} << 20;
  InvalidUtf8 invalid_utf8 = InvalidUtf8::refuse;
  MarkupOptions markup = {};
};

/// A word, or what is read as a whole: a number with its unit, a sign, an abbreviation.
struct Segment {
  ByteRange source = {};
  std::vector<Reading>
      readings;  ///< the usual one first; never none, but the only one may be empty: unscored
};

struct TextReading {
  std::vector<Segment> segments;  ///< in the order of the text; two may share a sign like ℀ (a/c)
  std::vector<Mark> marks;        ///< what was left out as not spoken
  int64_t letters = 0;            ///< letters and digits of what is spoken
  int64_t unscored = 0;           ///< those among them that have no sound here

  double unscored_share() const;  ///< 0 for a text without letters
};

/// The usual readings in a row, one blank between any two words.
Reading default_reading(const TextReading& text);

/// Holds ICU's rules for one language: expensive to make, linear in what it reads. Not for several threads at
/// once.
class TextReader {
 public:
  /// Throws ConfigError for a language that ICU does not know.
  explicit TextReader(const TextOptions& options);
  ~TextReader();
  TextReader(TextReader&&) noexcept;

  /// Throws DataError for invalid UTF-8, with the byte's offset, and for more than max_bytes.
  TextReading read(std::string_view text) const;

 private:
  struct Parts;
  class Pass;
  std::unique_ptr<Parts> parts_;
};

}  // namespace wav2vec
