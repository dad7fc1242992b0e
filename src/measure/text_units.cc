#include "wav2vec/measure/text_units.h"

#include <algorithm>

#include "wav2vec/core/escape.h"
#include "wav2vec/core/text_lines.h"

namespace wav2vec {
namespace {

size_t character_bytes(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  return bytes <= text.size() && is_valid_utf8(text.substr(0, bytes)) ? bytes : 1;
}

}  // namespace

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  for (WordAndRest at = split_word(text); !at.word.empty(); at = split_word(at.rest))
    words.emplace_back(at.word);
  return words;
}

std::vector<std::string> split_characters(std::string_view text) {
  std::vector<std::string> characters;
  for (WordAndRest at = split_word(text); !at.word.empty(); at = split_word(at.rest)) {
    if (!characters.empty()) characters.emplace_back(" ");
    for (std::string_view word = at.word; !word.empty();) {
      const size_t bytes = character_bytes(word);
      characters.emplace_back(word.substr(0, bytes));
      word.remove_prefix(bytes);
    }
  }
  return characters;
}

}  // namespace wav2vec
