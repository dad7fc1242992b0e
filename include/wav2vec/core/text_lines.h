#pragma once
// Text files line by line, with their numbers.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "wav2vec/core/error.h"

namespace wav2vec {

/// A text file in memory whose lines end in LF or CRLF; a byte order mark and a missing last newline are
/// accepted.
class TextLines {
 public:
  /// Throws DataError as read_file() does.
  explicit TextLines(const std::string& path, uint64_t max_bytes = uint64_t{4} << 30);

  /// The next line that is not blank; false at the end. The view lives as long as this object. Throws
  /// DataError for a NUL byte.
  bool next(std::string_view& line);

  /// Throws DataError "path:line: message" for the line last read.
  [[noreturn]] void fail(std::string_view message) const;
  int64_t number() const { return number_; }

 private:
  std::string path_;
  std::string content_;
  size_t at_ = 0;
  int64_t number_ = 0;
};

std::vector<std::string_view> split_at(std::string_view line, char separator);

/// The first word and the rest of the line, without the white space around them.
struct WordAndRest {
  std::string_view word;
  std::string_view rest;
};
WordAndRest split_word(std::string_view line);

/// The whole text as a number; false if it is anything else.
bool parse_integer(std::string_view text, int64_t& value);
bool parse_seconds(std::string_view text, double& value);  ///< finite only

}  // namespace wav2vec
