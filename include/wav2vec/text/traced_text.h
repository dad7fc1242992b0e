#pragma once
// Text whose every character knows the bytes that it came from, so that whatever is found out about a
// character later (a time, a score) can be laid on the text that a person wrote.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wav2vec {

/// Bytes [begin, end) of a text.
struct ByteRange {
  size_t begin = 0;
  size_t end = 0;

  bool operator==(const ByteRange&) const = default;
  bool empty() const { return begin == end; }
};

struct TracedCharacter {
  char32_t code = 0;  ///< a Unicode code point, never a surrogate
  ByteRange source = {};
};

using TracedText = std::vector<TracedCharacter>;

enum class InvalidUtf8 {
  refuse,  ///< DataError with the offset of the byte
  replace  ///< each such byte becomes U+FFFD
};

TracedText trace_utf8(std::string_view text, InvalidUtf8 invalid);

/// Characters that all come from one place: words that are spoken for a symbol. Throws InternalError for
/// invalid UTF-8.
TracedText trace_all_to(std::string_view words, ByteRange source);

/// From the beginning of the first to the end of the last; empty at 0 for no characters.
ByteRange source_of(std::span<const TracedCharacter> characters);

}  // namespace wav2vec
