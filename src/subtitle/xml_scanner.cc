#include "subtitle/xml_scanner.h"

#include <algorithm>

#include "subtitle/text_lines.h"

namespace wav2vec {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' ||
         static_cast<unsigned char>(c) >= 0x80;
}

std::string_view without_prefix(std::string_view name) {
  const size_t colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

}  // namespace

std::string_view XmlPiece::local_name() const { return without_prefix(name); }

const XmlAttribute* XmlPiece::attribute(std::string_view local) const {
  const XmlAttribute* best = nullptr;
  for (const XmlAttribute& one : attributes) {
    if (one.name == local && (best == nullptr || (best->prefixed && !one.prefixed))) best = &one;
  }
  return best;
}

bool XmlPiece::attribute_is(std::string_view local, std::string_view value) const {
  const XmlAttribute* found = attribute(local);
  return found != nullptr && trimmed(found->value) == value;
}

bool XmlScanner::next(XmlPiece& piece) {
  piece = {};
  if (at_ >= text_.size()) return false;
  piece.begin = at_;
  const char second = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
  if (text_[at_] == '<' && (second == '!' || second == '?')) {
    read_markup(piece);
    return true;
  }
  if (text_[at_] == '<' && (second == '/' || begins_name(second)) && read_tag(piece)) return true;
  // Text to the next '<', also one that begins no tag.
  const size_t end = std::min(text_.find('<', at_ + 1), text_.size());
  piece.kind = XmlPiece::Kind::text;
  piece.text = text_.substr(at_, end - at_);
  at_ = end;
  return true;
}

void XmlScanner::read_markup(XmlPiece& piece) {
  const auto is_missing = [&](std::string_view end) {
    return std::find(missing_.begin(), missing_.end(), end) != missing_.end();
  };
  // What is never closed is skipped itself, and what follows is read.
  const auto give_up = [&](size_t begin, std::string_view end) {
    if (!is_missing(end)) missing_.push_back(end);
    piece.broken = true;
    at_ = std::min(begin, text_.size());
  };
  const auto to = [&](size_t begin, std::string_view end) {
    const size_t found = is_missing(end) ? std::string_view::npos : text_.find(end, begin);
    if (found == std::string_view::npos) return give_up(begin, end);
    piece.text = text_.substr(begin, found - begin);
    at_ = found + end.size();
  };
  const std::string_view rest = text_.substr(at_);
  piece.kind = XmlPiece::Kind::other;
  if (rest.starts_with("<!--")) return to(at_ + 4, "-->");
  if (rest.starts_with("<?")) return to(at_ + 2, "?>");
  if (rest.starts_with("<![CDATA[")) {
    piece.kind = XmlPiece::Kind::cdata;
    return to(at_ + 9, "]]>");
  }
  if (lower_ascii(rest.substr(0, 9)) != "<!doctype") return to(at_ + 2, ">");
  piece.kind = XmlPiece::Kind::doctype;
  // What stands in brackets has tags of its own.
  constexpr std::string_view kEnd = "]>";
  size_t depth = 0;
  for (size_t i = at_ + 9; i < text_.size() && !is_missing(kEnd); ++i) {
    if (text_[i] == '[') ++depth;
    if (text_[i] == ']' && depth > 0) --depth;
    if (text_[i] == '>' && depth == 0) {
      at_ = i + 1;
      return;
    }
  }
  give_up(at_ + 9, kEnd);
}

bool XmlScanner::read_tag(XmlPiece& piece) {
  size_t at = at_ + 1;
  piece.kind = XmlPiece::Kind::open;
  if (text_[at] == '/') {
    piece.kind = XmlPiece::Kind::close;
    ++at;
  }
  const auto ends = [&](size_t i) { return i >= text_.size() || text_[i] == '<' || text_[i] == '>'; };
  const auto skip_spaces = [&] {
    while (at < text_.size() && is_space(text_[at])) ++at;
  };
  skip_spaces();
  const size_t name_begin = at;
  while (!ends(at) && !is_space(text_[at]) && text_[at] != '/') ++at;
  piece.name = text_.substr(name_begin, at - name_begin);
  if (piece.name.empty()) return false;
  while (true) {
    while (at < text_.size() && (is_space(text_[at]) || text_[at] == '/')) {
      piece.closes_itself = text_[at] == '/';
      ++at;
    }
    if (ends(at)) break;
    piece.closes_itself = false;
    const size_t begin = at;
    while (!ends(at) && !is_space(text_[at]) && text_[at] != '=' && text_[at] != '/') ++at;
    const std::string_view name = text_.substr(begin, at - begin);
    XmlAttribute attribute = {
        .name = without_prefix(name), .prefixed = name.find(':') != std::string_view::npos, .value = {}};
    skip_spaces();
    if (at < text_.size() && text_[at] == '=') {
      ++at;
      skip_spaces();
      const char quote = at < text_.size() ? text_[at] : '\0';
      const bool quoted = quote == '"' || quote == '\'';
      at += quoted ? 1 : 0;
      const size_t value = at;
      if (quoted) {
        while (at < text_.size() && text_[at] != quote && text_[at] != '<') ++at;
      } else {
        while (!ends(at) && !is_space(text_[at])) ++at;
      }
      if (quoted && (at >= text_.size() || text_[at] == '<')) {
        // The quote is never closed: the tag ends where any tag does, and has the attributes before this one.
        const size_t end = text_.substr(0, at).find('>', value);
        if (end == std::string_view::npos) return false;
        at = end;
        piece.broken = true;
        break;
      }
      attribute.value = text_.substr(value, at - value);
      at += quoted ? 1 : 0;
    }
    if (!attribute.name.empty()) piece.attributes.push_back(attribute);
  }
  if (at >= text_.size() || text_[at] == '<') return false;
  piece.text = text_.substr(name_begin, at - name_begin);
  at_ = at + 1;
  return true;
}

void XmlScanner::expect_close() {
  const size_t begin = at_;
  XmlPiece piece;
  const std::string_view rest = text_.substr(at_);
  if (!rest.starts_with("</") || !read_tag(piece)) at_ = begin;
}

std::string xml_root_name(std::string_view text) {
  XmlScanner scanner(text);
  for (XmlPiece piece; scanner.next(piece);) {
    if (piece.kind == XmlPiece::Kind::open) return lower_ascii(piece.local_name());
    const bool skipped = piece.kind == XmlPiece::Kind::other || piece.kind == XmlPiece::Kind::doctype ||
                         (piece.kind == XmlPiece::Kind::text && is_blank_line(piece.text));
    if (!skipped) return "";
  }
  return "";
}

}  // namespace wav2vec
