#pragma once
// Text that came from a file (names, speakers, transcripts) on its way to a person. These are the only
// functions that may put such text into a terminal line, an HTML page or a TSV/CSV cell.

#include <string>
#include <string_view>

namespace wav2vec {

/// Well-formed UTF-8 (no overlong forms, no surrogates).
bool is_valid_utf8(std::string_view text);

/// For a terminal or log line: control characters, invalid UTF-8, bidirectional overrides and line
/// separators become visible escapes (\n, \x1b, \u202e); everything printable stays.
std::string printable(std::string_view text);

/// For one CSV cell (RFC 4180): printable(), quoted where needed, and with an apostrophe in front of what a
/// spreadsheet would take for a formula (= + - @). Not for numbers.
std::string csv_cell(std::string_view text);

/// For one word of a line that is pasted into a POSIX shell: quoted where needed. The bytes stay as they are.
std::string shell_word(std::string_view text);

/// For HTML text and quoted attribute values.
std::string escape_html(std::string_view text);

/// For JSON that is embedded in an HTML <script> element: `json` must be valid JSON; <, >, & and U+2028/9
/// are replaced by \u escapes, which JSON reads as the same characters.
std::string escape_json_for_html(std::string_view json);

}  // namespace wav2vec
