#pragma once
// The phones of a text's segments, each said among its neighbours: "the apple" is not "the pear", and Czech's
// "s" alone is the name of a letter.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/written_words.h"
#include "wav2vec/text/text_reader.h"

namespace wav2vec {

/// A word of a reading and what stands between it and the one before it.
struct WordToSay {
  enum class Join { blank, hyphen, clause };
  std::string written;
  Join join = Join::blank;
};

class PhoneReader {
 public:
  /// BCP 47. Throws ConfigError for a language that espeak-ng has no rules for, and in a build without it.
  explicit PhoneReader(const std::string& language);

  /// Tokens (phone_tokens.h) of each reading of each segment, with a gap between two words. A reading that is
  /// not the usual one is said between the usual ones of its neighbours. `text` is what was read.
  std::vector<std::vector<std::vector<int>>> read(std::string_view text,
                                                  std::span<const Segment> segments) const;

 private:
  std::vector<std::vector<int>> phones_of(std::string_view text, std::span<const Segment> segments,
                                          size_t chosen, size_t reading, bool shouted) const;
  /// Tokens of each word; none where espeak-ng says none.
  std::vector<std::vector<int>> phones_of_words(std::span<const WordToSay> words) const;
  std::vector<std::vector<int>> phones_of_clause(std::span<const WordToSay> words) const;
  /// In the groups that espeak-ng says as one.
  std::vector<std::vector<int>> said(std::string_view clause) const;

  std::string voice_;
  bool latin_only_ = false;
  WrittenWords written_;
};

}  // namespace wav2vec
