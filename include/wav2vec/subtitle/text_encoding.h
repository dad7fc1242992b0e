#pragma once
// Bytes of a text file in any encoding as UTF-8, and for every byte of that the place in the file it came
// from, so that a part of the text can be replaced without touching the rest.
//
// What decides, in this order: the caller's name of an encoding; a byte order mark; the pattern of NUL bytes
// of UTF-16 and UTF-32; UTF-8, if all or nearly all of it is valid; the encoding that an XML declaration
// names; statistics over the lines that are not ASCII. What an encoding does not know becomes U+FFFD.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wav2vec {

struct DecodedText {
  std::string text;             ///< valid UTF-8, without byte order marks
  std::string encoding;         ///< such as "UTF-8", "UTF-16LE", "windows-1252"
  bool has_bom = false;         ///< the file begins with a byte order mark
  bool has_double_bom = false;  ///< … or with one that was encoded twice ("ï»¿"), or with several
  bool is_guess = false;        ///< statistics chose the encoding
  size_t replaced = 0;          ///< sequences of bytes that became U+FFFD
  size_t first_replaced = 0;    ///< offset of the first one's U+FFFD in `text`

  /// The offset in the file of what became text[at]; of text.size() the end of the file.
  size_t source_of(size_t at) const;

  /// Of each byte of `text`. Empty: text[at] is the file's byte at + skipped.
  std::vector<uint32_t> source;
  size_t skipped = 0;      ///< bytes of byte order marks
  size_t source_size = 0;  ///< of the file
};

/// `encoding`: a name that ICU knows, or "" to find out. Throws ConfigError for an unknown name and DataError
/// for 4 GiB and more.
DecodedText decode_text(std::string_view bytes, std::string_view encoding = "");

/// UTF-8 in an encoding that decode_text() named, without a byte order mark.
std::string encode_text(std::string_view utf8, const std::string& encoding);

}  // namespace wav2vec
