#pragma once
// What else a file may be that was given for subtitles.

#include <string>
#include <string_view>

namespace wav2vec {

/// "a Matroska video" and the like by a file's first bytes; "" for what may be text.
std::string media_kind(std::string_view bytes);

/// "an HTML page", "binary data" …; "text without times" if nothing else is known of it.
std::string text_kind(std::string_view text);

/// So many control characters that it is no text.
bool is_binary(std::string_view text);

}  // namespace wav2vec
