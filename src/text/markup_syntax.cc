#include "text/markup_syntax.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "text/entity.h"
#include "text/unicode_class.h"

namespace wav2vec {
namespace {

constexpr size_t kLongestTag = 1024;

/// What stands between `open` and `close` in one line, as ASCII in small letters ('?' for anything else).
struct Enclosed {
  std::string inside;
  size_t length = 0;  ///< in characters, with both ends. 0: not closed
};

Enclosed enclosed_at(std::span<const TracedCharacter> text, char32_t open, char32_t close) {
  Enclosed found;
  for (size_t i = 1; i < std::min(text.size(), kLongestTag); ++i) {
    const char32_t c = text[i].code;
    if (c == close) {
      found.length = i + 1;
      return found;
    }
    if (c == open || is_line_end(c)) break;
    found.inside += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c < 0x80 ? static_cast<char>(c) : '?';
  }
  return {};
}

std::string_view without_blanks_before(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(' '), text.size()));
}

struct Tag {
  std::string name;  ///< of a closing tag with '/' in front
  size_t length = 0;
};

bool is_known_tag(std::string_view name) {
  constexpr std::string_view kKnown[] = {"i",  "b",  "u",  "s",   "v",    "c",    "p",    "em",   "br",
                                         "rt", "rb", "tt", "div", "font", "lang", "ruby", "span", "strong"};
  return std::find(std::begin(kKnown), std::end(kKnown), name) != std::end(kKnown);
}

bool is_timestamp(std::string_view text) {
  return text.find(':') != std::string_view::npos &&
         text.find_first_not_of("0123456789:., ") == std::string_view::npos;
}

Tag tag_at(std::span<const TracedCharacter> text) {
  const Enclosed enclosed = enclosed_at(text, '<', '>');
  std::string_view rest = without_blanks_before(enclosed.inside);
  if (rest.empty()) return {};
  if (is_timestamp(rest) || rest[0] == '!') return {"time", enclosed.length};
  const bool closing = rest[0] == '/';
  if (closing) rest = without_blanks_before(rest.substr(1));
  constexpr std::string_view kNameCharacters = "abcdefghijklmnopqrstuvwxyz0123456789";
  const std::string_view name =
      rest.substr(0, std::min(rest.find_first_not_of(kNameCharacters), rest.size()));
  if (name.empty() || is_digit(static_cast<unsigned char>(name[0]))) return {};
  rest = without_blanks_before(rest.substr(name.size()));
  const bool is_tag = closing || is_known_tag(name) || rest.empty() || rest == "/" ||
                      rest.find('=') != std::string_view::npos;
  if (!is_tag) return {};
  return {closing ? "/" + std::string(name) : std::string(name), enclosed.length};
}

bool is_invisible(char32_t c) {
  const auto mask = U_GET_GC_MASK(static_cast<UChar32>(c));
  const bool filler = c == 0x115F || c == 0x1160 || c == 0x3164 || c == 0xFFA0 || c == 0x034F;
  const bool selector = (c >= 0xFE00 && c <= 0xFE0F) || (c >= 0xE0100 && c <= 0xE01EF);
  return ((mask & (U_GC_CC_MASK | U_GC_CF_MASK)) != 0 && !is_blank(c)) || filler || selector;
}

class SyntaxStripper {
 public:
  explicit SyntaxStripper(std::span<const TracedCharacter> text) : text_(text) {}

  MarkedText strip() {
    while (at_ < text_.size()) step();
    return std::move(result_);
  }

 private:
  void step() {
    const char32_t c = text_[at_].code;
    const auto rest = text_.subspan(at_);
    if (c == '<' && strip_tag(rest)) return;
    if (c == '{' && strip_block(rest)) return;
    if (in_drawing_ || (in_ruby_text_ && !is_line_end(c))) return leave_out(MarkKind::tag, 1);
    if (c == '\\' && replace_break(rest)) return;
    if (c == '&') {
      if (const Entity entity = entity_at(rest); entity.length > 0) return take(entity.code, entity.length);
    }
    take(c, 1);
  }

  bool strip_tag(std::span<const TracedCharacter> rest) {
    const Tag tag = tag_at(rest);
    if (tag.length == 0) return false;
    if (tag.name == "rt") in_ruby_text_ = true;
    if (tag.name == "/rt" || tag.name == "/ruby" || tag.name == "rb") in_ruby_text_ = false;
    if (tag.name == "br") result_.speech.push_back({'\n', source_of(rest.first(tag.length))});
    leave_out(MarkKind::tag, tag.length);
    return true;
  }

  bool strip_block(std::span<const TracedCharacter> rest) {
    const Enclosed block = enclosed_at(rest, '{', '}');
    const std::string& inside = block.inside;
    const bool is_microdvd =
        inside.size() > 2 && is_letter(static_cast<unsigned char>(inside[0])) && inside[1] == ':';
    if (block.length == 0 || !(inside.starts_with('\\') || is_microdvd)) return false;
    for (size_t p = inside.find("\\p"); p != std::string::npos; p = inside.find("\\p", p + 1)) {
      const char scale = p + 2 < inside.size() ? inside[p + 2] : ' ';
      if (is_digit(static_cast<unsigned char>(scale))) in_drawing_ = scale != '0';
    }
    leave_out(MarkKind::tag, block.length);
    return true;
  }

  bool replace_break(std::span<const TracedCharacter> rest) {
    const char32_t next = rest.size() > 1 ? rest[1].code : 0;
    const char32_t before = at_ > 0 ? text_[at_ - 1].code : 0;
    if ((next != 'N' && next != 'n' && next != 'h') || before == ':' || before == '\\') return false;
    result_.speech.push_back({next == 'h' ? U' ' : U'\n', source_of(rest.first(2))});
    leave_out(MarkKind::tag, 2);
    return true;
  }

  void take(char32_t c, size_t length) {
    const ByteRange source = source_of(text_.subspan(at_, length));
    constexpr char32_t kZeroWidthSpace = 0x200B;
    if (is_line_end(c)) {
      in_ruby_text_ = false;
      result_.speech.push_back({'\n', source});
    } else if (c == kZeroWidthSpace && !result_.speech.empty() &&
               is_of_script_without_spaces(result_.speech.back().code)) {
      result_.speech.push_back({' ', source});
    } else if (is_invisible(c)) {
      return leave_out(MarkKind::invisible, length);
    } else {
      result_.speech.push_back({c, source});
    }
    at_ += length;
  }

  void leave_out(MarkKind kind, size_t length) {
    add_mark(result_.marks, {kind, source_of(text_.subspan(at_, length))});
    at_ += length;
  }

  std::span<const TracedCharacter> text_;
  size_t at_ = 0;
  bool in_drawing_ = false;
  bool in_ruby_text_ = false;
  MarkedText result_;
};

}  // namespace

void add_mark(std::vector<Mark>& marks, const Mark& mark) {
  const bool continues =
      !marks.empty() && marks.back().kind == mark.kind && marks.back().source.end == mark.source.begin;
  if (continues) {
    marks.back().source.end = mark.source.end;
  } else {
    marks.push_back(mark);
  }
}

MarkedText strip_syntax(std::span<const TracedCharacter> text) { return SyntaxStripper(text).strip(); }

}  // namespace wav2vec
