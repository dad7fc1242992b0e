#include "text/spoken_unit.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace wav2vec {

void add_choice(std::vector<Spoken>& choices, Spoken spoken) {
  constexpr size_t kMost = 8;
  if (choices.size() >= kMost) return;
  // Ranges of parts that are said in another order than they are written are those of the whole.
  const auto by_begin = [](const SpokenPart& a, const SpokenPart& b) {
    return a.source.begin < b.source.begin;
  };
  if (!std::is_sorted(spoken.begin(), spoken.end(), by_begin)) {
    ByteRange whole = spoken.front().source;
    for (const SpokenPart& part : spoken) {
      whole.begin = std::min(whole.begin, part.source.begin);
      whole.end = std::max(whole.end, part.source.end);
    }
    for (SpokenPart& part : spoken) part.source = whole;
  }
  choices.push_back(std::move(spoken));
}

bool starts_with(Characters text, size_t at, std::u32string_view what) {
  for (const char32_t c : what) {
    if (code(text, at++) != c) return false;
  }
  return true;
}

std::string small_letters_at(Characters text, size_t at) {
  std::string letters;
  for (; letters.size() < 8; ++at) {
    const char32_t c = code(text, at);
    const char32_t small = c >= 'A' && c <= 'Z' ? c + 32 : c;
    if (small < 'a' || small > 'z') break;
    letters += static_cast<char>(small);
  }
  return letters;
}

int64_t to_integer(std::string_view digits) {
  int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

}  // namespace wav2vec
