#pragma once
// A transcript as the units that are counted, predicted or aligned.

#include <string>
#include <string_view>
#include <vector>

namespace wav2vec {

/// Words are what stands between blanks (space, TAB and the like); case and punctuation stay as they are.
std::vector<std::string> split_words(std::string_view text);

/// Characters (UTF-8 code points; a byte that is no UTF-8 counts as one) of the words, with one " " between
/// words and none around them.
std::vector<std::string> split_characters(std::string_view text);

}  // namespace wav2vec
