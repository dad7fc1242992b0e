#include "subtitle/text_lines.h"

#include <algorithm>

namespace wav2vec {

bool LineWalk::next(SubtitleLine& line) {
  if (at_ >= text_.size()) return false;
  size_t end = at_;
  while (end < text_.size() && text_[end] != '\n' && text_[end] != '\r') ++end;
  size_t next = end;
  if (text_.substr(end).starts_with("\r\r\n")) {
    next = end + 3;
  } else if (text_.substr(end).starts_with("\r\n")) {
    next = end + 2;
  } else if (end < text_.size()) {
    next = end + 1;
  }
  line = {at_, end, next, ++number_};
  at_ = next;
  return true;
}

size_t blank_at(std::string_view text, size_t at) {
  if (at >= text.size()) return 0;
  const char c = text[at];
  if (c == ' ' || (c >= '\t' && c <= '\r') || c == '\0' || c == '\x1A') return 1;
  const std::string_view rest = text.substr(at, 3);
  if (rest.starts_with("\xC2\xA0") || rest.starts_with("\xC2\x85")) return 2;
  if (rest == "\xE3\x80\x80" || rest == "\xEF\xBB\xBF") return 3;
  if (!rest.starts_with("\xE2\x80") && !rest.starts_with("\xE2\x81")) return 0;
  if (rest.size() < 3) return 0;
  // U+2000 to U+200F, U+2028 to U+202F; U+2060 and U+2066 to U+2069.
  const auto last = static_cast<unsigned char>(rest[2]);
  const bool blank = rest[1] == '\x80' ? last <= 0x8F || (last >= 0xA8 && last <= 0xAF)
                                       : last == 0xA0 || (last >= 0xA6 && last <= 0xA9);
  return blank ? 3 : 0;
}

size_t skip_blanks(std::string_view text, size_t at) {
  while (const size_t length = blank_at(text, at)) at += length;
  return at;
}

std::string_view trimmed(std::string_view text) {
  const size_t begin = skip_blanks(text, 0);
  size_t end = text.size();
  for (bool again = true; again && end > begin;) {
    again = false;
    for (size_t length = 1; length <= 3 && begin + length <= end && !again; ++length) {
      again = blank_at(text.substr(0, end), end - length) == length;
      if (again) end -= length;
    }
  }
  return text.substr(begin, end - begin);
}

bool is_blank_line(std::string_view line) { return skip_blanks(line, 0) == line.size(); }

JoinedLines join_lines(std::string_view text, size_t begin, size_t end) {
  JoinedLines joined;
  LineWalk walk(text.substr(0, end), begin);
  SubtitleLine line;
  size_t blanks = 0;
  bool any = false;
  while (walk.next(line)) {
    if (is_blank_line(line.of(text))) {
      ++blanks;
      continue;
    }
    if (any) {
      joined.inner_blank |= blanks > 0;
      joined.text.append(blanks + 1, '\n');
    }
    blanks = 0;
    any = true;
    joined.text += line.of(text);
  }
  return joined;
}

std::string lower_ascii(std::string_view text) {
  std::string small(text);
  for (char& c : small) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return small;
}

bool is_ascii_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace wav2vec
