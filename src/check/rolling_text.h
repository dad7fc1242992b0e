#pragma once
// Captions that roll: each cue shows again what the one before it showed, and a line more.

#include <string_view>

namespace wav2vec {

/// The lines of `text` that the cue before did not end with; the whole text where it shares none with it or
/// has nothing else. A view into `text`.
std::string_view new_lines(std::string_view before, std::string_view text);

}  // namespace wav2vec
