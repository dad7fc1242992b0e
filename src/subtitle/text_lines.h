#pragma once
// Lines and blanks of decoded text, for all formats that go by lines.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wav2vec/text/traced_text.h"

namespace wav2vec {

struct SubtitleLine {
  size_t begin = 0;
  size_t end = 0;   ///< without the line's end
  size_t next = 0;  ///< where the next line begins
  int64_t number = 0;

  std::string_view of(std::string_view text) const { return text.substr(begin, end - begin); }
};

/// Goes through lines that end in LF, CRLF, CR or CR CR LF, also in one file.
class LineWalk {
 public:
  explicit LineWalk(std::string_view text, size_t at = 0, int64_t number = 0)
      : text_(text), at_(at), number_(number) {}

  /// False at the end of the text.
  bool next(SubtitleLine& line);

 private:
  std::string_view text_;
  size_t at_ = 0;
  int64_t number_ = 0;
};

/// The length of the blank or invisible character at text[at]: blanks of any script, marks of direction and
/// byte order, an end of file of old systems. 0 for anything else.
size_t blank_at(std::string_view text, size_t at);
size_t skip_blanks(std::string_view text, size_t at);
std::string_view trimmed(std::string_view text);
bool is_blank_line(std::string_view line);

/// The lines of text[begin, end) with '\n' between them, without blank lines at either end. `inner_blank`:
/// one stood between others.
struct JoinedLines {
  std::string text;
  bool inner_blank = false;
};
JoinedLines join_lines(std::string_view text, size_t begin, size_t end);

std::string lower_ascii(std::string_view text);
bool is_ascii_digit(char c);

}  // namespace wav2vec
