#pragma once
// Errors of a recogniser: the Levenshtein distance between what was said and what was recognised.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace wav2vec {

/// Counts add up over utterances; the rate of the whole is that of the sums.
struct ErrorCounts {
  int64_t substitutions = 0;
  int64_t deletions = 0;
  int64_t insertions = 0;
  int64_t reference = 0;  ///< units that were said

  int64_t errors() const { return substitutions + deletions + insertions; }
  /// errors / reference; may exceed 1. Without a reference 0 if there are no errors either, else infinite.
  double rate() const;
  ErrorCounts& operator+=(const ErrorCounts& other);
  bool operator==(const ErrorCounts&) const = default;
};

/// Every kind of error costs one. Among the alignments with the fewest errors those with the most
/// substitutions count; all of these have the same three numbers.
ErrorCounts count_errors(std::span<const int32_t> reference, std::span<const int32_t> hypothesis);
ErrorCounts count_errors(std::span<const std::string> reference, std::span<const std::string> hypothesis);

/// For the word error rate (WER): split_words() of both.
ErrorCounts count_word_errors(std::string_view reference, std::string_view hypothesis);

/// For the character error rate (CER): split_characters() of both, so blanks between words count.
ErrorCounts count_character_errors(std::string_view reference, std::string_view hypothesis);

}  // namespace wav2vec
