#pragma once
// The encoding of text that is neither ASCII nor UTF-8, from what is written in it.

#include <string>
#include <string_view>

namespace wav2vec {

/// Text that is 7-bit but switches character sets.
bool has_escape_of_iso_2022(std::string_view bytes);

/// Always a name that ICU knows.
std::string guessed_encoding(std::string_view bytes);

}  // namespace wav2vec
