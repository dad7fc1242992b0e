#include "wav2vec/text/traced_text.h"

#include <fmt/format.h>
#include <unicode/utf8.h>

#include <cstdint>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"

namespace wav2vec {

TracedText trace_utf8(std::string_view text, InvalidUtf8 invalid) {
  constexpr char32_t kReplacement = 0xFFFD;
  TracedText traced;
  traced.reserve(text.size());
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  const auto size = static_cast<int64_t>(text.size());
  for (int64_t at = 0; at < size;) {
    const int64_t begin = at;
    UChar32 code = 0;
    U8_NEXT(bytes, at, size, code);
    if (code < 0 && invalid == InvalidUtf8::refuse)
      throw DataError(fmt::format(
          "byte {} (0x{:02x}) is no UTF-8; convert the text, or have such bytes replaced (--replace-invalid)",
          begin, bytes[begin]));
    if (code < 0) at = begin + 1;
    traced.push_back({code < 0 ? kReplacement : static_cast<char32_t>(code),
                      {static_cast<size_t>(begin), static_cast<size_t>(at)}});
  }
  return traced;
}

TracedText trace_all_to(std::string_view words, ByteRange source) {
  W2V_CHECK(is_valid_utf8(words), "words of our own are no UTF-8");
  TracedText traced = trace_utf8(words, InvalidUtf8::refuse);
  for (TracedCharacter& c : traced) c.source = source;
  return traced;
}

ByteRange source_of(std::span<const TracedCharacter> characters) {
  if (characters.empty()) return {};
  return {characters.front().source.begin, characters.back().source.end};
}

}  // namespace wav2vec
